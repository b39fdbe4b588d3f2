import type { ImagePart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { readDataUrl } from '../shared/data-url.ts';

/** How each kind of picture begins in base64: Ollama's API does not name the kind. */
const BEGINNINGS = {
  iVBORw0KGgo: 'image/png',
  '/9j/': 'image/jpeg',
  R0lGOD: 'image/gif',
  UklGR: 'image/webp',
};

/** A picture from its base64 text. Throws `invalid-request`. */
export function toImage(text: string, path: string): ImagePart {
  const inline = readDataUrl(text);
  if (inline) return { type: 'image', source: { kind: 'base64', ...inline }, path };
  const kind = Object.entries(BEGINNINGS).find(([beginning]) => text.startsWith(beginning));
  if (!kind) {
    const sentence = 'A picture must be a PNG, JPEG, GIF or WebP in base64.';
    throw new RunError('invalid-request', sentence, { param: path });
  }
  return { type: 'image', source: { kind: 'base64', mediaType: kind[1], data: text }, path };
}

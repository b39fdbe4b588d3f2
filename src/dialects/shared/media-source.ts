import type { MediaSource } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { readDataUrl } from './data-url.ts';

/** Where an image or a file is: inline, or at a web address. Throws `invalid-request` for anything else. */
export function toMediaSource(url: string, param: string): MediaSource {
  const inline = readDataUrl(url);
  if (inline) return { kind: 'base64', ...inline };
  if (/^https?:/i.test(url)) return { kind: 'url', url };
  throw new RunError(
    'invalid-request',
    'Send the data itself as a base64 data: URL, or a web address.',
    { param },
  );
}

/**
 * The source of a file. The API takes base64 for PDFs, and everything else that is text as text. Throws
 * `invalid-request`.
 */
export function toFileSource(url: string, param: string): MediaSource {
  const source = toMediaSource(url, param);
  if (source.kind !== 'base64' || !source.mediaType.startsWith('text/')) return source;
  try {
    const bytes = Uint8Array.from(atob(source.data), (byte) => byte.charCodeAt(0));
    return { kind: 'text', text: new TextDecoder().decode(bytes) };
  } catch {
    throw new RunError('invalid-request', 'The data is not base64.', { param });
  }
}

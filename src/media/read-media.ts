import type { DocumentPart, ImagePart, MediaSource } from '../run.ts';
import { mediaError, tooLarge } from './media-error.ts';

/** Bytes, and what their sender says they are. */
export type Media = { mediaType: string; bytes: Buffer };

export type MediaPart = ImagePart | DocumentPart;

/** How far into a file the mark of a PDF may stand; some writers put lines before it. */
const PDF_MARK_WITHIN = 1024;

/**
 * Reads what the bytes themselves say they are, since a PNG is often sent as a JPEG, which the API
 * refuses. Throws `invalid-request` for what the API does not take.
 */
export function toPart(part: MediaPart, { mediaType, bytes }: Media, param: string): MediaPart {
  const imageType = toImageType(bytes);
  if (imageType !== undefined) return { type: 'image', source: toBase64(imageType, bytes) };
  if (isPdf(bytes, mediaType)) return toDocument(part, toBase64('application/pdf', bytes));
  if (part.type === 'document' && mediaType.startsWith('text/')) {
    return toDocument(part, { kind: 'text', text: toText(bytes, param) });
  }
  throw mediaError(
    part.type === 'image'
      ? 'The data is not a JPEG, PNG, GIF or WebP image.'
      : 'The data is neither a PDF nor declared as text.',
    param,
  );
}

/** Decodes base64, white space in it included. Throws `invalid-request` for what is not base64. */
export function readBase64(
  source: { mediaType: string; data: string },
  maxBytes: number,
  param: string,
): Media {
  const bytes = Buffer.from(source.data, 'base64');
  // Node skips what it cannot read, so the count of characters tells whether there was any.
  const digits = source.data.replaceAll(/\s/g, '').replace(/={1,2}$/, '').length;
  if (digits === 0) throw mediaError('The data is empty.', param);
  if (digits !== Math.ceil((bytes.length * 4) / 3)) {
    throw mediaError('The data is not valid base64.', param);
  }
  if (bytes.length > maxBytes) throw tooLarge(maxBytes, param);
  return { mediaType: source.mediaType.toLowerCase(), bytes };
}

function toImageType(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 16);
  if (head.startsWith('\x89PNG\r\n\x1A\n')) return 'image/png';
  if (head.startsWith('\xFF\xD8\xFF')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(head)) return 'image/gif';
  if (/^RIFF[^]{4}WEBP/.test(head)) return 'image/webp';
  return undefined;
}

function isPdf(bytes: Buffer, mediaType: string) {
  const head = bytes.toString('latin1', 0, PDF_MARK_WITHIN);
  return head.startsWith('%PDF-') || (mediaType === 'application/pdf' && head.includes('%PDF-'));
}

function toBase64(mediaType: string, bytes: Buffer): MediaSource {
  return { kind: 'base64', mediaType, data: bytes.toString('base64') };
}

function toDocument(part: MediaPart, source: MediaSource): DocumentPart {
  return {
    type: 'document',
    source,
    title: part.type === 'document' ? part.title : undefined,
  };
}

function toText(bytes: Buffer, param: string) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw mediaError('The text is not encoded in UTF-8.', param, error);
  }
}

import type { IncomingMessage } from 'node:http';

import { mediaError, tooLarge, unreachable } from './media-error.ts';
import type { Media } from './read-media.ts';

/** Bytes that may still be read, shared by all fetches of one request. */
type Budget = { readonly maxBytes: number; left: number };

export type AnswerOptions = { param: string; budget: Budget; signal: AbortSignal };

/** The bytes themselves are looked at later; some stores declare everything as one of the last two. */
const ACCEPTED_TYPE =
  /^(image\/.+|application\/pdf|text\/plain|application\/octet-stream|binary\/octet-stream)$/;

/** Reads an answer to its end. Throws `invalid-request` for what is not an image or document. */
export async function readAnswer(
  response: IncomingMessage,
  options: AnswerOptions,
): Promise<Media> {
  const { param, budget } = options;
  try {
    const mediaType = readMediaType(response, param);
    if (Number(response.headers['content-length'] ?? 0) > budget.left) {
      throw tooLarge(budget.maxBytes, param);
    }
    return { mediaType, bytes: await readBytes(response, options) };
  } finally {
    response.destroy();
  }
}

function readMediaType({ statusCode, headers }: IncomingMessage, param: string): string {
  if (statusCode !== 200) {
    throw mediaError(`The address answered with the status ${statusCode}.`, param);
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw mediaError('The address answered with compressed data.', param);
  }
  const [declared = ''] = (headers['content-type'] ?? 'application/octet-stream').split(';');
  const mediaType = declared.trim().toLowerCase();
  if (!ACCEPTED_TYPE.test(mediaType)) {
    throw mediaError(
      'The address does not answer with a JPEG, PNG, GIF or WebP image, a PDF, or plain text.',
      param,
    );
  }
  return mediaType;
}

/** Counts what really arrives: a length that a server announces is only a promise. */
async function readBytes(response: IncomingMessage, { param, budget, signal }: AnswerOptions) {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      budget.left -= chunk.length;
      if (budget.left < 0) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw signal.aborted ? error : unreachable(param, error);
  }
  if (budget.left < 0) throw tooLarge(budget.maxBytes, param);
  return Buffer.concat(chunks);
}

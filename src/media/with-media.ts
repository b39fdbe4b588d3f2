import pLimit from 'p-limit';

import type { Message, Part, Run } from '../run.ts';
import type { FetchMedia } from './fetch-media.ts';
import { mediaError } from './media-error.ts';
import { type Media, type MediaPart, readBase64, toPart } from './read-media.ts';

export type MediaOptions = {
  fetchMedia: FetchMedia;
  /** Largest image or document, and the most that is fetched for one request, in bytes. */
  maxBytes: number;
  /** Different web addresses fetched for one request. */
  maxUrls: number;
  /** Longest time to fetch all of them, in milliseconds. */
  timeoutMs: number;
};

/** Addresses of one request that are fetched at the same time. */
const PARALLEL_FETCHES = 4;

/**
 * Checks every image and document of the conversation, those in tool results too, and puts the
 * content in the place of each web address. Throws `invalid-request` that names the part.
 */
export function withMedia(run: Run, options: MediaOptions): Run {
  return async function* runWithMedia(request, signal) {
    const parts = request.messages.flatMap(toMediaParts);
    if (parts.length === 0) {
      yield* run(request, signal);
      return;
    }
    const ready = new Map(parts.map((part) => [part, readInline(part, options)]));
    const fetched = await fetchAll(parts, options, signal);
    for (const [part, media] of fetched) ready.set(part, toPart(part, media, toParam(part)));
    const messages = request.messages.map((message) => withReady(message, ready));
    yield* run({ ...request, messages }, signal);
  };
}

/** Only user messages may show something; the API refuses the rest. */
function toMediaParts({ role, parts }: Message): MediaPart[] {
  const found = parts
    .flatMap((part): readonly Part[] => (part.type === 'tool-result' ? part.content : [part]))
    .filter(isMedia);
  const [first] = found;
  if (role === 'assistant' && first) {
    throw mediaError('Only user messages can hold images and documents.', toParam(first));
  }
  return found;
}

function readInline(part: MediaPart, { maxBytes }: MediaOptions): MediaPart {
  if (part.source.kind !== 'base64') return part;
  const param = toParam(part);
  return toPart(part, readBase64(part.source, maxBytes, param), param);
}

async function fetchAll(
  parts: readonly MediaPart[],
  { fetchMedia, maxBytes, maxUrls, timeoutMs }: MediaOptions,
  signal: AbortSignal,
): Promise<Map<MediaPart, Media>> {
  const byUrl = Map.groupBy(parts, ({ source }) => (source.kind === 'url' ? source.url : undefined));
  byUrl.delete(undefined);
}

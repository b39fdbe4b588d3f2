import pLimit from 'p-limit';

import { createDeadline } from '../common/deadline.ts';
import type { Message, Part, Run, RunRequest } from '../run.ts';
import type { ReadMedia } from '../run-input.ts';
import type { FetchMedia } from '../media/fetch-media.ts';
import { mediaError } from '../media/media-error.ts';
import { type Media, type MediaPart, readBase64, toPart } from '../media/read-media.ts';
import { readWebAddress } from '../media/web-address.ts';

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

/** Checks every image and document of the conversation, and fetches those at web addresses. */
export function withMedia(run: Run, readMedia: ReadMedia): Run {
  return (request, signal) =>
    request.messages.some((message) => toMediaParts(message).length > 0)
      ? runWithMedia(request, signal)
      : run(request, signal);

  async function* runWithMedia(request: RunRequest, signal: AbortSignal): ReturnType<Run> {
    const messages = await readMedia(request.messages, signal);
    yield* run({ ...request, messages }, signal);
  }
}

/**
 * Makes what checks every image and document, those in tool results too, and puts the content in the place
 * of each web address.
 */
export function createReadMedia(options: MediaOptions): ReadMedia {
  return async (messages, signal) => {
    const parts = messages.flatMap(toMediaParts);
    const ready = new Map(parts.map((part) => [part, readInline(part, options)]));
    const fetched = await fetchAll(parts, options, signal);
    for (const [part, media] of fetched) ready.set(part, toPart(part, media, toParam(part)));
    return messages.map((message) => withReady(message, ready));
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

/** Checks what can be checked without fetching, for every part: nothing is fetched in vain. */
function readInline(part: MediaPart, { maxBytes }: MediaOptions): MediaPart {
  const { source } = part;
  const param = toParam(part);
  if (source.kind === 'base64') return toPart(part, readBase64(source, maxBytes, param), param);
  if (source.kind === 'url') readWebAddress(source.url, param);
  // A path is the dialect's; left in, it would make the same conversation look different.
  return { ...part, path: undefined };
}

async function fetchAll(
  parts: readonly MediaPart[],
  { fetchMedia, maxBytes, maxUrls, timeoutMs }: MediaOptions,
  signal: AbortSignal,
): Promise<(readonly [MediaPart, Media])[]> {
  const byUrl = groupByUrl(parts);
  refuseTooMany(byUrl, maxUrls);
  const budget = { maxBytes, left: maxBytes };
  const failed = new AbortController();
  const deadline = createDeadline(timeoutMs, signal);
  const stop = AbortSignal.any([deadline.signal, failed.signal]);
  const limit = pLimit(PARALLEL_FETCHES);

  const fetchOne = async ([url, users]: [string, MediaPart[]]) => {
    const param = toParam(users[0]);
    try {
      stop.throwIfAborted();
      const media = await fetchMedia(url, { param, budget, signal: stop });
      return users.map((part) => [part, media] as const);
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.signal.aborted) throw error;
      throw mediaError(`The addresses could not be fetched within ${timeoutMs} ms.`, param, error);
    }
  };
  try {
    return (await limit.map(byUrl, fetchOne)).flat();
  } finally {
    deadline.end();
    failed.abort(); // one that cannot be had ends the others
  }
}

function groupByUrl(parts: readonly MediaPart[]): Map<string, MediaPart[]> {
  const byUrl = new Map<string, MediaPart[]>();
  for (const part of parts) {
    if (part.source.kind !== 'url') continue;
    const { url } = part.source;
    byUrl.set(url, [...(byUrl.get(url) ?? []), part]);
  }
  return byUrl;
}

function refuseTooMany(byUrl: ReadonlyMap<string, readonly MediaPart[]>, maxUrls: number) {
  const [, users] = [...byUrl][maxUrls] ?? [];
  if (!users) return;
  throw mediaError(
    `At most ${maxUrls} web addresses are fetched for one request (MEDIA_MAX_URLS); send the data itself.`,
    toParam(users[0]),
  );
}

function withReady(message: Message, ready: ReadonlyMap<MediaPart, MediaPart>): Message {
  const parts = message.parts.map((part) =>
    part.type === 'tool-result'
      ? { ...part, content: part.content.map((inner) => toReady(inner, ready)) }
      : toReady(part, ready),
  );
  return { ...message, parts };
}

function toReady<Other extends Part>(
  part: Other | MediaPart,
  ready: ReadonlyMap<MediaPart, MediaPart>,
): Other | MediaPart {
  return isMedia(part) ? (ready.get(part) ?? part) : part;
}

function isMedia(part: Part): part is MediaPart {
  return part.type === 'image' || part.type === 'document';
}

function toParam(part: MediaPart | undefined) {
  return part?.path ?? 'messages';
}

import type { TranscriptMessage, TranscriptPage } from '../../sessions/session-transcript.ts';

/** Bytes of JSON that a worker tells at once of a transcript: Redis cuts off who has 32 MB of a channel to read. */
const MOST_BYTES = 8 * 1024 * 1024;

/** As many of the last messages as fit into the bytes. Of one that is larger by itself it is only told that it is there. */
export function boundPage(
  { messages, hasMore }: TranscriptPage,
  mostBytes: number = MOST_BYTES,
): TranscriptPage {
  const kept: TranscriptMessage[] = [];
  let bytes = 0;
  for (const message of messages.toReversed()) {
    const size = Buffer.byteLength(JSON.stringify(message));
    if (size > mostBytes) {
      kept.unshift({ ...message, parts: [{ type: 'other', kind: 'too-large' }] });
      continue;
    }
    if (bytes + size > mostBytes) break;
    bytes += size;
    kept.unshift(message);
  }
  return { messages: kept, hasMore: hasMore || kept.length < messages.length };
}

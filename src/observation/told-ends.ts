import { randomUUID } from 'node:crypto';

import { PATIENCE_MS, type PatientWrites } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';

export type ToldEndsOptions = {
  shared: Pick<SharedState, 'run'>;
  /** The stream that the others read. */
  stream: string;
  /** Texts that are kept there; the oldest make room. */
  most: number;
  /** Texts that wait here while Redis is away; the oldest make room. Default: 10,000. */
  mostWaiting?: number | undefined;
  writes: Pick<PatientWrites, 'write'>;
  onProblem: (error: unknown) => void;
};

/** Texts that are sent at once. */
const MOST_AT_ONCE = 500;

/** A text is tried for less than this, in milliseconds: it may wait for the end of tries that began before it. */
const TRIED_MS = 3 * PATIENCE_MS;

/** ARGV: how long an id is remembered, how many are kept, then ids, each followed by its text. To do it again changes nothing. */
const TELL = `
for index = 3, #ARGV, 2 do
  if redis.call('SET', KEYS[1] .. ':told:' .. ARGV[index], 1, 'NX', 'PX', ARGV[1]) then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'data', ARGV[index + 1])
  end
end
`;

/** Makes what sends texts to a stream, each once and in their order, many at once when they had to wait. */
export function createToldEnds(options: ToldEndsOptions): (sealed: Buffer) => void {
  const { shared, stream, most, mostWaiting = 10_000, writes, onProblem } = options;
  const waiting = new Map<string, { sealed: Buffer; sinceMs: number }>();
  let sending: Promise<void> | undefined;
  let hasDropped = false;

  const sendWaiting = async () => {
    while (waiting.size > 0) {
      const some = [...waiting].slice(0, MOST_AT_ONCE);
      const values = some.flatMap(([id, { sealed }]) => [id, sealed]);
      await shared.run(TELL, [stream], [TRIED_MS, most, ...values]);
      for (const [id] of some) waiting.delete(id);
    }
    hasDropped = false;
  };

  /** What is left was tried in vain: the old is given up, the rest goes with what is told next. */
  const send = async () => {
    let isSent = true;
    while (isSent && waiting.size > 0) {
      isSent = false;
      const { settled } = await writes.write(async () => {
        await sendWaiting();
        isSent = true;
      });
      await settled;
    }
    const untilMs = performance.now() - PATIENCE_MS / 2;
    for (const [id, { sinceMs }] of waiting) if (sinceMs < untilMs) waiting.delete(id);
    sending = undefined;
  };

  const makeRoom = () => {
    const [oldest] = waiting.keys();
    if (waiting.size <= mostWaiting || oldest === undefined) return;
    waiting.delete(oldest);
    if (!hasDropped) onProblem(new Error('More runs ended than can wait to be told of.'));
    hasDropped = true;
  };

  return (sealed) => {
    waiting.set(randomUUID(), { sealed, sinceMs: performance.now() });
    makeRoom();
    sending ??= send();
  };
}

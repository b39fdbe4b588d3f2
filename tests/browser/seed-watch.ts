import { openHistory } from '../../src/observation/history.ts';
import { openRequests } from '../../src/observation/requests/open-requests.ts';
import { createWatch } from '../../src/observation/watch.ts';
import type { RunRecord } from '../../src/observation/run-record.ts';
import { RunError } from '../../src/run-error.ts';
import { RECORD } from '../observation/record.ts';

export type SeedOptions = {
  /** Requests that ended, spread over the last day. */
  count: number;
  /** Each so many-th failed. */
  failedEach: number;
  keyIds: readonly string[];
};

const DAY_MS = 24 * 3_600_000;

const MODELS = ['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-4-5'];

const DIALECTS = ['anthropic-messages', 'openai-chat', 'openai-responses', 'direct', 'ollama-chat'];

const FAILURES = [
  new RunError('overloaded', 'The API is overloaded; try again in a moment.'),
  new RunError(
    'rate-limited',
    "The account's five-hour limit is reached; it opens again at 14:00.",
  ),
  new RunError('timeout', 'The request took longer than 300 s and was ended.'),
];

const queue = () => ({ waiting: 0, running: 0, concurrency: 4 });

const processes = () => ({ spare: 2, kept: 3 });

/** What a day of a team's requests leaves behind, the same each time. */
export function seedWatch({ count, failedEach, keyIds }: SeedOptions) {
  let atMs = Date.now() - DAY_MS;
  const place = { file: ':memory:', onSetAside: () => undefined, now: () => atMs };
  const history = openHistory(place);
  const requests = openRequests(place);
  const watch = createWatch({ queue, processes, history, requests });
  for (let index = 0; index < count; index += 1) {
    // More of them towards the end, as if it were a working day.
    atMs = Math.round(Date.now() - DAY_MS * (1 - (index + 1) / count) ** 1.5);
    watch.observer.ended?.(toRecord(index, { atMs, failedEach, keyIds }));
    history.sample(toLoad(index));
    if (index % 1000 === 999) requests.list({}, { limit: 1 }); // has them written
  }
  atMs = Date.now();
  return watch;
}

/** Busy for a while again and again. */
function toLoad(index: number) {
  const busy = Math.max(0, Math.round(4 * Math.sin(index / 90)));
  return {
    waiting: Math.max(0, busy - 2),
    running: Math.min(4, 1 + busy),
    processes: 4 + busy,
    ready: 2 - Math.min(2, busy),
    hit: Number(index % 5 !== 0),
    missed: Number(index % 5 === 0),
  };
}

function toRecord(
  index: number,
  { atMs, failedEach, keyIds }: Omit<SeedOptions, 'count'> & { atMs: number },
): Readonly<RunRecord> {
  const pick = <Value>(values: readonly Value[], stride: number) =>
    values[Math.floor(index / stride) % values.length] as Value;
  const failure = index % failedEach === failedEach - 1 ? pick(FAILURES, failedEach) : undefined;
  const firstTokenMs = 420 + ((index * 7919) % 1300);
  const totalMs = firstTokenMs + 300 + ((index * 104_729) % 9000);
  const dialect = pick(DIALECTS, 1);
  return {
    ...RECORD,
    id: `req_${(index * 2_654_435_761).toString(36).padStart(24, '0')}`,
    keyId: pick(keyIds, 3),
    dialect,
    isAgent: dialect === 'direct',
    model: pick(MODELS, 2),
    requestedModel: 'sonnet',
    startedAtMs: atMs - totalMs,
    reachedMs: { placed: (index * 31) % 90, bound: 120 + ((index * 17) % 60) },
    firstTokenMs: failure ? undefined : firstTokenMs,
    totalMs,
    usage: {
      input: 300 + ((index * 13) % 4000),
      output: failure ? 0 : 40 + ((index * 29) % 900),
      cacheRead: (index * 101) % 20_000,
      cacheWrite: (index * 7) % 900,
      reasoning: undefined,
    },
    costUsd: 0.004 + (index % 40) / 2000,
    outcome: failure ? failure.code : 'stop',
    failure,
  };
}

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openRequests } from '../src/observation/requests/open-requests.ts';
import type { RequestFilter } from '../src/observation/requests/request-filter.ts';
import { RunError } from '../src/run-error.ts';
import { RECORD } from '../tests/observation/record.ts';

/** How long a page of the kept requests, and their usage, take to read, with 100,000 of them: `node bench/kept-requests.ts`. */
const ROWS = 100_000;
const ROUNDS = 20;
const PAGE = { limit: 51 };

const QUERIES: Readonly<Record<string, RequestFilter>> = {
  'the newest': {},
  'of one key': { keyId: 'key-7' },
  'that failed': { outcome: 'failed' },
  'of one key, that failed': { keyId: 'key-7', outcome: 'failed' },
  'of the first minutes': { fromMs: 0, toMs: 100_000 },
  'of a model that nobody asked for': { model: 'none' },
  'with a code that never came': { outcome: 'none' },
  'with a text that stands nowhere': { text: 'nowhere to be found' },
};

const folder = await mkdtemp(join(tmpdir(), 'kept-requests-'));
try {
  await measure(join(folder, 'requests.db'));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(file: string) {
  let time = 0;
  const requests = openRequests({ file, onSetAside: () => undefined, now: () => time });
  const startedAt = performance.now();
  for (let index = 0; index < ROWS; index += 1) {
    time = index * 1000;
    requests.observer.ended?.(toRecord(index));
    if (index % 1000 === 999) requests.list({}, { limit: 1 }); // has them written
  }
  const writing = performance.now() - startedAt;
  console.log(`${ROWS} rows written, each in ${((writing / ROWS) * 1000).toFixed(0)} µs`);
  for (const [name, filter] of Object.entries(QUERIES))
    await tell(name, () => requests.list(filter, PAGE));
  for (const [name, filter] of Object.entries(QUERIES))
    await tell(`p50 and p95, ${name}`, () => requests.readTimes(filter));
  await tell('usage of the last hour', () => requests.readUsage(time - 3_600_000));
  await tell('usage of all of them', () => requests.readUsage(0));
  await tell('the last use of a key', () => requests.readLastUse('key-7'));
  requests.close();
  console.log(`${((await stat(file)).size / 1e6).toFixed(0)} MB on disk`);
}

async function tell(name: string, task: () => unknown) {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await timeOf(task));
  const highest = Math.max(...times);
  const median = times.toSorted(byNumber)[ROUNDS / 2] ?? highest;
  console.log(`${name}: ${median.toFixed(1)} ms, at most ${highest.toFixed(1)} ms`);
}

/** Each fiftieth failed; twenty keys, five models. */
function toRecord(index: number) {
  const failure =
    index % 50 === 0 ? new RunError('overloaded', 'The API is overloaded; try again.') : undefined;
  return {
    ...RECORD,
    id: `req_${index.toString(36).padStart(24, '0')}`,
    keyId: `key-${index % 20}`,
    model: `model-${index % 5}`,
    failure,
    outcome: failure ? failure.code : ('stop' as const),
    reachedMs: { placed: 3, bound: 40 },
  };
}

async function timeOf(task: () => unknown) {
  const startedAt = performance.now();
  await task();
  return performance.now() - startedAt;
}

function byNumber(one: number, other: number) {
  return one - other;
}

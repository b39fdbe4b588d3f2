import { randomUUID } from 'node:crypto';

import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { SCRIPTS } from '../../src/cluster/scripts.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/**
 * The real scripts against a real Redis, in every order of what two workers and a front can do, on a clock
 * that the test moves: a lease that has run out by it is deleted.
 */

const WORKERS = ['a', 'b'] as const;
const LEASE = 1;
const WORDS = 3;
const PREFIX = 'p';
const RUN = `${PREFIX}:run:1`;
const FRONT = `${PREFIX}:front:front`;
const TTL = 60_000;

type Step =
  | { type: 'claim' | 'answer' | 'freeze' | 'outlast' | 'thaw'; worker: (typeof WORKERS)[number] }
  | { type: 'tick' | 'recover'; worker?: undefined };

type Kind = { agent: boolean; whole: boolean };

type Worker = {
  isFrozen: boolean;
  leaseUntil: number;
  attempt: number;
  seq: number;
  isOver: boolean;
};

type Scripts = Readonly<Record<keyof typeof SCRIPTS, string>>;

/** The same without the comparison of the attempt. */
const UNFENCED: Scripts = {
  ...SCRIPTS,
  APPEND: SCRIPTS.APPEND.replace(/if field\('attempt'\) ~= ARGV\[2\].*\n/, ''),
};

const workerStep = fc.record({
  type: fc.constantFrom(
    'claim' as const,
    'answer' as const,
    'freeze' as const,
    'outlast' as const,
    'thaw' as const,
  ),
  worker: fc.constantFrom(...WORKERS),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: workerStep },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constantFrom('tick' as const, 'recover' as const) }),
  },
);
const steps = fc.array(anyStep, { minLength: 20, maxLength: 60 });
const kinds = fc.record({ agent: fc.boolean(), whole: fc.boolean() });

let redis: RedisServer;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = redis.client;
});
afterAll(() => redis.stop());

describe('who may answer for a run', () => {
  test('one attempt, in one piece, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, steps, async (kind, order) => {
        expect(findFault(await play(SCRIPTS, kind, order), kind)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  test('without the fence two workers answer', async () => {
    expect(UNFENCED.APPEND).not.toBe(SCRIPTS.APPEND);
    const found = await fc.check(
      fc.asyncProperty(kinds, steps, async (kind, order) => {
        return findFault(await play(UNFENCED, kind, order), kind) === undefined;
      }),
      { numRuns: 2000 },
    );
    expect(found.failed).toBe(true);
  });
});

test('what is sent again, as its answer was lost, is done once and answered alike', async () => {
  await client.flushall();
  const run = (name: keyof Scripts, ...args: (string | number)[]) =>
    client.eval(SCRIPTS[name], 1, RUN, ...args);
  await run('SUBMIT', PREFIX, '1', 'front', 'key', 'chat', 0, 10, 10, TTL, 'request');
  await client.mset(FRONT, '1', `${PREFIX}:worker:a`, '1');
  for (const _ of ['sent', 'sent again']) {
    expect(await run('CLAIM', PREFIX, 'a', TTL, 1, 'one')).toEqual(['yours', 1, 'front']);
  }
  expect(await run('CLAIM', PREFIX, 'b', TTL, 1, 'other')).toEqual(['held', 0]);
  expect(await readSaid()).toHaveLength(1);
  for (const _ of ['sent', 'sent again']) {
    expect(await run('HAND_BACK', PREFIX, 1)).toEqual(['again', 2]);
  }
});

test('what a lost front asked for is not begun, and is offered again when the front is back', async () => {
  await client.flushall();
  const run = (name: keyof Scripts, ...args: (string | number)[]) =>
    client.eval(SCRIPTS[name], 1, RUN, ...args);
  const claim = (isSettled: 0 | 1) => run('CLAIM', PREFIX, 'a', TTL, isSettled, randomUUID());
  await client.set(`${PREFIX}:worker:a`, '1');
  await run('SUBMIT', PREFIX, '1', 'front', 'key', 'agent', 0, 10, 10, TTL, 'request');
  expect(await run('RECOVER', PREFIX, TTL, TTL)).toEqual(['waiting', 0]);
  expect(await claim(1)).toEqual(['gone', 0]);
  expect(await readSaid()).toEqual([]);
  await client.set(FRONT, '1');
  expect(await run('RECOVER', PREFIX, TTL, TTL)).toEqual(['again', 1]);
  expect(await run('RECOVER', PREFIX, TTL, TTL)).toEqual(['waiting', 0]);
  await client.del(FRONT);
  // Redis has only just come back: nobody can say who is lost.
  expect(await claim(0)).toEqual(['yours', 2, 'front']);
});

type Said = { kind: string; attempt: number; seq: number; data: string };

/** What the front hears. */
async function play(scripts: Scripts, kind: Kind, order: readonly Step[]) {
  await client.flushall();
  const run = (name: keyof Scripts, ...args: (string | number)[]) =>
    client.eval(scripts[name], 1, RUN, ...args);
  const word: string = kind.agent ? 'agent' : 'chat';
  await run('SUBMIT', PREFIX, '1', 'front', 'key', word, 0, 10, 10, TTL, 'request');
  await client.set(FRONT, '1');
  const workers = new Map<string, Worker>(WORKERS.map((name) => [name, createWorker()]));
  let now = 0;
  await renew(workers, now);
  for (const step of order) {
    const worker = workers.get(step.worker ?? '');
    if (step.type === 'tick') await renew(workers, (now += LEASE));
    else if (step.type === 'recover') await run('RECOVER', PREFIX, TTL, TTL);
    else if (step.type === 'freeze' && worker) worker.isFrozen = true;
    else if (step.type === 'outlast' && worker) {
      worker.isFrozen = true;
      await renew(workers, (now += LEASE)); // frozen until its lease has run out
    } else if (step.type === 'thaw' && worker) worker.isFrozen = false;
    else if (worker && !worker.isFrozen) await act(step, worker);
  }
  return readSaid();

  async function act({ type, worker: name }: Step, worker: Worker) {
    if (name === undefined) return;
    if (type === 'claim' && worker.isOver) {
      const answer = await run('CLAIM', PREFIX, name, TTL, 1, randomUUID());
      const [verdict, attempt] = answer as [string, number]; // as CLAIM returns
      if (verdict === 'yours') Object.assign(worker, { attempt, seq: 0, isOver: false });
    }
    if (type === 'answer' && !worker.isOver) {
      worker.seq = kind.whole ? WORDS : worker.seq + 1;
      const isLast = worker.seq === WORDS;
      const what = [worker.attempt, worker.seq, 1, Number(isLast), 1, name, TTL];
      const answer = await run('APPEND', PREFIX, ...what);
      worker.isOver = (answer as [string])[0] !== 'ok' || isLast; // as APPEND returns
    }
  }
}

function createWorker(): Worker {
  return { isFrozen: false, leaseUntil: 0, attempt: 0, seq: 0, isOver: true };
}

/** Those at work give a sign of life; the leases of the others run out. */
async function renew(workers: ReadonlyMap<string, Worker>, now: number) {
  for (const [name, worker] of workers) {
    if (!worker.isFrozen) {
      worker.leaseUntil = now + LEASE;
      await client.set(`${PREFIX}:worker:${name}`, '1');
    } else if (worker.leaseUntil <= now) await client.del(`${PREFIX}:worker:${name}`);
  }
}

async function readSaid(): Promise<Said[]> {
  const entries = await client.xrange(`${PREFIX}:front:front:events`, '-', '+');
  return entries.map(([, fields]) => {
    const read = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    const isOf = (name: string) => fields.includes(name);
    return {
      kind: read('kind'),
      attempt: isOf('attempt') ? Number(read('attempt')) : 0,
      seq: isOf('seq') ? Number(read('seq')) : 0,
      data: isOf('data') ? read('data') : '',
    };
  });
}

/** What a caller would notice. */
function findFault(said: readonly Said[], { agent, whole }: Kind): string | undefined {
  const words = said.filter(({ kind }) => kind === 'events');
  if (new Set(words.map(({ data }) => data)).size > 1) return 'two workers answered';
  if (said.some((one, index) => isStale(said.slice(0, index), one))) return 'it had lost the run';
  const expected = whole ? [WORDS] : [1, 2, 3];
  if (words.some(({ seq }, index) => seq !== expected[index])) return 'not in one piece';
  const ends = said.filter(({ kind, seq }) => kind === 'lost' || seq === WORDS);
  if (ends.length > 1) return 'it ended twice';
  const end = ends[0];
  if (end && said.at(-1) !== end) return 'something came behind the end';
  const claims = said.filter(({ kind }) => kind === 'claimed').length;
  if (claims > (agent ? 1 : 2)) return 'it was begun too often';
  return undefined;
}

/** Whether a worker said it that another one had followed. */
function isStale(before: readonly Said[], { kind, attempt }: Said) {
  const owner = before.findLast((one) => one.kind === 'claimed');
  return kind === 'events' && owner?.attempt !== attempt;
}

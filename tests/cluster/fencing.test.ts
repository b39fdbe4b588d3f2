import { randomUUID } from 'node:crypto';

import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { SCRIPTS } from '../../src/cluster/scripts.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/**
 * The real scripts against a real Redis, in every order of what two workers and a front can do, on a clock
 * that the test moves: a lease that has run out by it is deleted. The run is offered to the first worker; there is a job
 * when the front has not heard in time that it was claimed, and again when its worker is lost. Workers also claim it
 * for no reason, as they would for a job that is left over.
 */

const WORKERS = ['a', 'b'] as const;
const LEASE = 1;
const WORDS = 3;
const PREFIX = 'p';
const RUN = `${PREFIX}:run:1`;
const FRONT = `${PREFIX}:front:front`;
const TTL = 60_000;
const toSubmitted = (kind: string) =>
  [
    PREFIX,
    '1',
    'front',
    'key',
    kind,
    0,
    10,
    10,
    TTL,
    'request',
    '',
    'a b',
    'a',
    'offer',
    '',
  ] as const;
const SUBMITTED = toSubmitted('chat');

const OF_WORKER = ['hear', 'busy', 'take', 'claim', 'answer', 'freeze', 'outlast', 'thaw'] as const;
const OF_FRONT = ['tick', 'recover', 'resend', 'queue'] as const;

type Step =
  | { type: (typeof OF_WORKER)[number]; worker: (typeof WORKERS)[number] }
  | { type: (typeof OF_FRONT)[number]; worker?: undefined };

type Kind = { agent: boolean; whole: boolean };

type Worker = {
  isFrozen: boolean;
  leaseUntil: number;
  attempt: number;
  seq: number;
  isOver: boolean;
  /** It was offered the run, and has not heard of it yet. */
  isOffered: boolean;
  /** It has the run's job, which others get when it is lost. */
  hasJob: boolean;
};

type Scripts = Readonly<Record<keyof typeof SCRIPTS, string>>;

/** The same without the comparison of the attempt. */
const UNFENCED: Scripts = {
  ...SCRIPTS,
  APPEND: SCRIPTS.APPEND.replace(/if field\('attempt'\) ~= ARGV\[2\].*\n/, ''),
};

const workerStep = fc.record({
  type: fc.constantFrom(...OF_WORKER),
  worker: fc.constantFrom(...WORKERS),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: workerStep },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom(...OF_FRONT) }) },
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

  test('somebody, once nobody is lost any more', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, steps, async (kind, order) => {
        const said = await play(SCRIPTS, kind, [...order, ...toCalm(kind)]);
        expect(findFault(said, kind)).toBeUndefined();
        expect(said.some((one) => isEnd(one, kind))).toBe(true);
      }),
      { numRuns: 300 },
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
  const held = `${PREFIX}:held:conversation`;
  await client.set(held, 'b');
  for (const _ of ['sent', 'sent again']) {
    expect(await run('SUBMIT', ...SUBMITTED, held)).toEqual([1, 0, '', 'b']);
    await client.set(held, 'a');
  }
  await client.mset(FRONT, '1', `${PREFIX}:worker:a`, '1');
  for (const _ of ['sent', 'sent again']) {
    expect(await run('CLAIM', PREFIX, 'a', TTL, 1, 'one')).toEqual(['yours', 1, 'front']);
  }
  expect(await run('CLAIM', PREFIX, 'b', TTL, 1, 'other')).toEqual(['held', 0]);
  expect(await readSaid()).toHaveLength(1);
  for (const _ of ['sent', 'sent again']) {
    expect(await run('HAND_BACK', PREFIX, 1)).toEqual(['again', 2]);
  }
  expect(await run('SUBMIT', ...SUBMITTED, held)).toEqual([1, 0, '', 'b']);
  expect(await client.hmget(RUN, 'state', 'attempt')).toEqual(['waiting', '2']);
  expect(await client.hget(`${PREFIX}:turns`, 'key:key')).toBe('1');
});

test('what is said comes in one piece: nothing behind what has failed, and nothing twice', async () => {
  await client.flushall();
  const run = (name: keyof Scripts, ...args: (string | number)[]) =>
    client.eval(SCRIPTS[name], 1, RUN, ...args);
  await run('SUBMIT', ...SUBMITTED, '');
  await run('CLAIM', PREFIX, 'a', TTL, 0, 'one');
  const append = (seq: number) => run('APPEND', PREFIX, 1, seq, 1, 0, 1, `said ${seq}`, TTL);
  expect(await append(2)).toEqual(['fenced', 0]);
  expect(await append(1)).toEqual(['ok', 1]);
  expect(await append(2)).toEqual(['ok', 2]);
  expect(await append(1)).toEqual(['ok', 2]);
  const said = (await readSaid()).map(({ data }) => data).filter(Boolean);
  expect(said).toEqual(['said 1', 'said 2']);
});

test('what a lost front asked for is not begun, and is offered again when the front is back', async () => {
  await client.flushall();
  const run = (name: keyof Scripts, ...args: (string | number)[]) =>
    client.eval(SCRIPTS[name], 1, RUN, ...args);
  const claim = (isSettled: 0 | 1) => run('CLAIM', PREFIX, 'a', TTL, isSettled, randomUUID());
  await client.set(`${PREFIX}:worker:a`, '1');
  await run('SUBMIT', ...toSubmitted('agent'));
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
  const submit = () => run('SUBMIT', ...toSubmitted(kind.agent ? 'agent' : 'chat'));
  await submit();
  await client.set(FRONT, '1');
  const workers = new Map<string, Worker>(WORKERS.map((name) => [name, createWorker(name)]));
  let [now, jobs, isQueued] = [0, 0, false];
  const pass = async (leases: number) => {
    const lost = await renew(workers, (now += leases));
    jobs += lost.filter(({ hasJob }) => hasJob).length; // the queue gives it to another one
    for (const worker of lost) worker.hasJob = false;
  };
  await pass(0);
  for (const step of order) {
    const worker = workers.get(step.worker ?? '');
    if (step.type === 'tick') await pass(LEASE);
    else if (step.type === 'recover') await recover();
    else if (step.type === 'resend') await submit();
    else if (step.type === 'queue') await queue();
    else if (step.type === 'freeze' && worker) worker.isFrozen = true;
    else if (step.type === 'outlast' && worker) {
      worker.isFrozen = true;
      await pass(LEASE); // frozen until its lease has run out
    } else if (step.type === 'thaw' && worker) worker.isFrozen = false;
    else if (worker && !worker.isFrozen) await act(step, worker);
  }
  return readSaid();

  async function recover() {
    const answer = await run('RECOVER', PREFIX, TTL, TTL);
    if ((answer as [string])[0] === 'again') jobs += 1; // as RECOVER returns
  }

  async function queue() {
    if (isQueued || (await readSaid()).some((one) => one.kind === 'claimed')) return;
    isQueued = true;
    jobs += 1;
  }

  async function act({ type, worker: name }: Step, worker: Worker) {
    if (name === undefined) return;
    if (type === 'hear' && worker.isOffered) {
      worker.isOffered = false;
      if (worker.isOver) await claim(name, worker);
    }
    if (type === 'busy') worker.isOffered = false;
    if (type === 'take' && worker.isOver && jobs > 0) {
      jobs -= 1;
      await claim(name, worker);
      worker.hasJob = !worker.isOver;
    }
    if (type === 'claim' && worker.isOver) await claim(name, worker);
    if (type === 'answer' && !worker.isOver) {
      worker.seq += 1;
      const isLast = worker.seq === countWords(kind);
      const what = [worker.attempt, worker.seq, 1, Number(isLast), 1, name, TTL];
      const answer = await run('APPEND', PREFIX, ...what);
      worker.isOver = (answer as [string])[0] !== 'ok' || isLast; // as APPEND returns
      worker.hasJob &&= !worker.isOver;
    }
  }

  async function claim(name: string, worker: Worker) {
    const answer = await run('CLAIM', PREFIX, name, TTL, 1, randomUUID());
    const [verdict, attempt] = answer as [string, number]; // as CLAIM returns
    if (verdict === 'yours') Object.assign(worker, { attempt, seq: 0, isOver: false });
  }
}

/** From here on nobody is lost, and everybody does what is to be done. */
function toCalm(kind: Kind): Step[] {
  const words = Array.from({ length: countWords(kind) }, () => 'answer' as const);
  const ofWorkers = (types: readonly (typeof OF_WORKER)[number][]) =>
    WORKERS.flatMap((worker) => types.map((type): Step => ({ type, worker })));
  const round: Step[] = [
    ...(['tick', 'recover', 'queue'] as const).map((type): Step => ({ type })),
    ...ofWorkers([...words, 'hear', 'take', ...words]),
  ];
  return [...ofWorkers(['thaw']), ...round, ...round];
}

function createWorker(name: string): Worker {
  const isOffered = name === WORKERS[0];
  return {
    isFrozen: false,
    leaseUntil: 0,
    attempt: 0,
    seq: 0,
    isOver: true,
    isOffered,
    hasJob: false,
  };
}

/** Those at work give a sign of life; the leases of the others run out. Resolves with the lost ones. */
async function renew(workers: ReadonlyMap<string, Worker>, now: number) {
  const lost: Worker[] = [];
  for (const [name, worker] of workers) {
    if (!worker.isFrozen) {
      worker.leaseUntil = now + LEASE;
      await client.set(`${PREFIX}:worker:${name}`, '1');
    } else if (worker.leaseUntil <= now) {
      await client.del(`${PREFIX}:worker:${name}`);
      lost.push(worker);
    }
  }
  return lost;
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
function findFault(said: readonly Said[], kind: Kind): string | undefined {
  const words = said.filter((one) => one.kind === 'events');
  if (new Set(words.map(({ data }) => data)).size > 1) return 'two workers answered';
  if (said.some((one, index) => isStale(said.slice(0, index), one))) return 'it had lost the run';
  if (words.some(({ seq }, index) => seq !== index + 1)) return 'not in one piece';
  const ends = said.filter((one) => isEnd(one, kind));
  if (ends.length > 1) return 'it ended twice';
  const end = ends[0];
  if (end && said.at(-1) !== end) return 'something came behind the end';
  const claims = said.filter((one) => one.kind === 'claimed').length;
  if (claims > (kind.agent ? 1 : 2)) return 'it was begun too often';
  return undefined;
}

function isEnd(said: Said, kind: Kind) {
  return said.kind === 'lost' || said.seq === countWords(kind);
}

/** A whole answer is said at once. */
function countWords({ whole }: Kind) {
  return whole ? 1 : WORDS;
}

/** Whether a worker said it that another one had followed. */
function isStale(before: readonly Said[], { kind, attempt }: Said) {
  const owner = before.findLast((one) => one.kind === 'claimed');
  return kind === 'events' && owner?.attempt !== attempt;
}

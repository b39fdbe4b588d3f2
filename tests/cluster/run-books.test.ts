import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import type { NewRun } from '../../src/agent-runs/recorder.ts';
import type { RunBook, RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createSharedRunStore } from '../../src/agent-runs/shared/shared-run-store.ts';
import type { Run } from '../../src/run.ts';
import type { InputAnswer } from '../../src/run-input.ts';
import { RUN_END, RUN_START, toAgentRequest } from '../sessions/agent-request.ts';
import { NO_INPUTS, NO_WEBHOOKS } from '../support/create-test-run-book.ts';
import { openTestBook, type TestBookOptions } from './open-test-book.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const stays = new AbortController().signal;

const limitsOf = async () => ({ backgroundRuns: 2, waitingRuns: 1 });

let redis: RedisServer;
const ends: (() => Promise<unknown> | void)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => redis.stop());

async function open(prefix: string, options: TestBookOptions = {}) {
  const opened = await openTestBook({ redisUrl: redis.url, prefix }, options);
  ends.push(opened.close);
  return opened;
}

const queued: Run = async function* queued(_, signal) {
  yield { type: 'run-progress', step: 'queued' };
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
};

const newRun = (requestId: string, keyId = 'a'): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, caller: { ...request.caller, keyId, requestId } },
    body: { prompt: 'A prompt that nobody sees.' },
    isBackground: true,
    toAnswer: () => ({ result: 'An answer that nobody sees.' }),
    toFailure: ({ code, message }) => ({ error: { code, message } }),
  };
};

async function until(book: RunBook, id: string, type: string, after = 0, keyId = 'a') {
  const ids: number[] = [];
  for await (const event of book.follow(id, keyId, after, stays)) {
    ids.push(event.id);
    if (event.type === type) return ids;
  }
  throw new Error(`There was no ${type}.`);
}

test('a run is followed, answered and watched at another server', async () => {
  const prefix = randomUUID();
  const [one, two] = [await open(prefix), await open(prefix)];
  const left = new AbortController();
  const changes = two.book.watch('a', left.signal)[Symbol.asyncIterator]();
  await one.book.start(one.asking, newRun('r1'));
  expect(await until(two.book, 'r1', 'plan-review')).toEqual([1, 2]);
  expect(await two.book.listInputs('a')).toMatchObject([{ id: 'inp_r1', runId: 'r1' }]);
  const rest = until(two.book, 'r1', 'run-end', 2);
  const answers = await Promise.allSettled([
    two.book.answer('r1', 'a', 'inp_r1', { decision: 'allow' }),
    one.book.answer('r1', 'a', 'inp_r1', { decision: 'allow' }),
  ]);
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await rest).toEqual([3, 4]);
  expect(await two.book.get('r1', 'a')).toMatchObject({
    state: 'done',
    model: 'claude-sonnet-full-id',
  });
  const states: unknown[] = [];
  while (states.at(-1) !== 'done') states.push((await changes.next()).value.state);
  expect(states).toEqual(['queued', 'running', 'waiting', 'running', 'done']);
  left.abort();
});

test('an answer arrives whose server noted it, and was lost before it handed it on', async () => {
  const prefix = randomUUID();
  const [one, two] = [await open(prefix), await open(prefix)];
  await one.book.start(one.asking, newRun('r1'));
  await until(two.book, 'r1', 'plan-review');
  const { inputs } = createSharedRunStore({ shared: two.shared, server: 'two', ttlMs: 60_000 });
  expect(await inputs.answer('inp_r1', { decision: 'allow' })).toBe(true);
  await until(two.book, 'r1', 'run-end');
  expect(await one.book.get('r1', 'a')).toMatchObject({ state: 'done' });
});

test('so does what a tool came to, which is forgotten when the run has it', async () => {
  const prefix = randomUUID();
  const [one, two] = [await open(prefix), await open(prefix)];
  const { promise: heard, resolve: hear } = Promise.withResolvers<InputAnswer>();
  const asking: Run = async function* askForTool() {
    yield { type: 'run-progress', step: 'placed' };
    yield RUN_START;
    const call = { callId: 'toolu_1', toolName: 'weather', input: {} };
    yield { type: 'tool-request', id: 'inp_r1', ...call };
    await heard;
    yield { type: 'input-settled', id: 'inp_r1', decision: 'allow' };
    yield RUN_END;
  };
  const three = await open(prefix, {
    inputs: {
      ...NO_INPUTS,
      steering: { ...NO_INPUTS.steering, answer: async (_run, _id, answer) => hear(answer) },
    },
  });
  await three.book.start(asking, newRun('r1'));
  await until(two.book, 'r1', 'tool-request');
  const { inputs } = createSharedRunStore({ shared: two.shared, server: 'two', ttlMs: 60_000 });
  const content = [{ type: 'text', text: 'It is sunny.' }] as const;
  const result = { type: 'tool-result', callId: 'toolu_1', content, isError: false } as const;
  expect(await inputs.answer('inp_r1', { decision: 'allow', result })).toBe(true);
  await until(one.book, 'r1', 'run-end');
  expect(await heard).toEqual({ decision: 'allow', result });
  expect(JSON.stringify(await inputs.read('inp_r1'))).not.toContain('sunny');
});

test('one that waits for its turn is cancelled though its server is lost, and begun by none', async () => {
  const prefix = randomUUID();
  const lost = await open(prefix, { leaseMs: 600 });
  await lost.book.start(queued, newRun('r1'));
  const alive = await open(prefix, { leaseMs: 600 });
  const begun: string[] = [];
  alive.book.beginLeft(async ({ id }) => void begun.push(id));
  lost.lose();
  await vi.waitFor(async () => expect(await alive.book.hasLeft()).toBe(true), {
    timeout: 20_000,
    interval: 100,
  });
  expect(await alive.book.cancel('r1', 'a')).toMatchObject({ state: 'cancelled' });
  await alive.book.takeOver();
  expect(begun).toEqual([]);
  expect(await alive.book.get('r1', 'a')).toMatchObject({ state: 'cancelled' });
});

test('a run is spoken to and cancelled at another server', async () => {
  const prefix = randomUUID();
  const [one, two] = [await open(prefix), await open(prefix)];
  await one.book.start(one.asking, newRun('r1'));
  await until(two.book, 'r1', 'plan-review');
  const steering = await two.book.steer('r1', 'a');
  await steering.send('r1', { id: 'm1', text: 'A word.' });
  expect(one.words).toEqual([['r1', 'A word.']]);
  expect(await steering.ask('r1', 'why?')).toBe('Yes: why?');
  await expect(steering.takeBack('r1', 'm1')).rejects.toMatchObject({
    code: 'not-found',
    message: 'There is no such message.',
  });
  await expect(two.book.remove('r1', 'a')).rejects.toMatchObject({ code: 'conflict' });
  expect(await two.book.cancel('r1', 'a')).toMatchObject({ state: 'cancelled' });
  await two.book.remove('r1', 'a');
  await expect(one.book.get('r1', 'a')).rejects.toMatchObject({ code: 'not-found' });
});

test('a key has its bounds over all servers together', async () => {
  const prefix = randomUUID();
  const [one, two] = [await open(prefix, { limitsOf }), await open(prefix, { limitsOf })];
  await one.book.start(one.asking, newRun('r1'));
  await until(one.book, 'r1', 'plan-review');
  await two.book.start(two.asking, newRun('r2'));
  await until(two.book, 'r2', 'run-end');
  expect(await one.book.getInput('r2', 'a', 'inp_r2')).toMatchObject({
    answer: { decision: 'deny', message: 'Too many runs wait for an answer already.' },
  });
  await two.book.start(queued, newRun('r3'));
  await expect(one.book.start(queued, newRun('r4'))).rejects.toMatchObject({ code: 'queue-full' });
});

test('how many runs may wait counts over all servers and keys, those of a lost server no longer', async () => {
  const prefix = randomUUID();
  const options = { mostWaiting: 1, leaseMs: 600 };
  const [lost, other] = [await open(prefix, options), await open(prefix, options)];
  await lost.book.start(lost.asking, newRun('r1'));
  await until(lost.book, 'r1', 'plan-review');
  await other.book.start(other.asking, newRun('r2', 'b'));
  await until(other.book, 'r2', 'run-end', 0, 'b');
  expect(await other.book.getInput('r2', 'b', 'inp_r2')).toMatchObject({
    answer: { decision: 'deny', message: 'Too many runs wait for an answer already.' },
  });
  lost.lose();
  const freed = await vi.waitUntil(() => other.takeRoom(), 20_000);
  await freed();
  await other.book.start(other.asking, newRun('r3', 'b'));
  await until(other.book, 'r3', 'plan-review', 0, 'b');
  await other.book.answer('r3', 'b', 'inp_r3', { decision: 'allow' });
  await until(other.book, 'r3', 'run-end', 0, 'b');
  expect(await other.book.getInput('r3', 'b', 'inp_r3')).toMatchObject({
    answer: { decision: 'allow' },
  });
});

test('a lost server: what had begun is interrupted and told once, the rest goes on elsewhere', async () => {
  const prefix = randomUUID();
  const send = vi.fn<RunBookOptions['webhooks']['send']>();
  const options = { leaseMs: 600, webhooks: { ...NO_WEBHOOKS, send } };
  const lost = await open(prefix, { leaseMs: 600 });
  const webhook = { url: 'https://example.com/', secret: 'whsec_a' };
  await lost.book.start(lost.asking, { ...newRun('r1'), body: { prompt: 'Hi', webhook } });
  await until(lost.book, 'r1', 'plan-review');
  await lost.book.start(queued, newRun('r2'));
  const others = [await open(prefix, options), await open(prefix, options)];
  const begun: string[] = [];
  for (const { book, asking } of others) {
    book.beginLeft(async ({ id }) => {
      begun.push(id);
      await book.start(asking, { ...newRun(id), wasPutOff: true });
    });
  }
  const [alive] = others as [(typeof others)[0]];
  const following = Array.fromAsync(alive.book.follow('r1', 'a', 0, stays));
  for (const { book } of others) await book.takeOver();
  expect(await alive.book.get('r1', 'a')).toMatchObject({ state: 'waiting' });
  lost.lose();
  await vi.waitFor(
    async () => {
      await Promise.all(others.map(({ book }) => book.takeOver()));
      expect(await alive.book.get('r1', 'a')).toMatchObject({ state: 'interrupted' });
      expect(begun).toEqual(['r2']);
    },
    { timeout: 20_000, interval: 100 },
  );
  expect((await following).map(({ id }) => id)).toEqual([1, 2]);
  await until(alive.book, 'r2', 'plan-review');
  expect(send.mock.calls.map(([, id, { type }]) => [id, type])).toEqual([
    ['r1', 'run.interrupted'],
  ]);
  const late = alive.book.answer('r1', 'a', 'inp_r1', { decision: 'allow' });
  await expect(late).rejects.toMatchObject({ code: 'conflict' });
});

test('what happens while Redis restarts is on record afterwards, in its order', async () => {
  const { book } = await open(randomUUID());
  const held = Promise.withResolvers<void>();
  const told: Run = async function* told(_, signal) {
    yield { type: 'run-progress', step: 'placed' };
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    await held.promise;
    for (let count = 0; count < 50; count += 1) {
      yield { type: 'part-delta', index: 0, delta: `${count} ` };
    }
    yield { type: 'part-end', index: 0 };
    signal.throwIfAborted();
    yield RUN_END;
  };
  await book.start(told, newRun('r1'));
  await until(book, 'r1', 'part-start');
  await redis.shutDown();
  held.resolve();
  await redis.start();
  await vi.waitFor(async () => expect((await book.get('r1', 'a')).state).toBe('done'), {
    timeout: 20_000,
    interval: 100,
  });
  const ids = await until(book, 'r1', 'run-end');
  expect(ids).toEqual(Array.from({ length: 54 }, (_, index) => index + 1));
});

test('nothing of a run can be read in Redis', async () => {
  const prefix = randomUUID();
  const { book, asking } = await open(prefix);
  await book.start(asking, newRun('r1'));
  await until(book, 'r1', 'plan-review');
  await book.answer('r1', 'a', 'inp_r1', { decision: 'deny', message: 'A no that nobody sees.' });
  await until(book, 'r1', 'run-end');
  const kept: string[] = [];
  const lasting: string[] = [];
  for (const key of await redis.client.keys(`${prefix}:*`)) {
    kept.push(key, await redis.client.dump(key));
    if ((await redis.client.pttl(key)) < 0) lasting.push(key);
  }
  expect(lasting.toSorted()).toEqual([`${prefix}:secret`, `${prefix}:state:runs:number`]);
  expect(kept.join('\n')).not.toMatch(/nobody sees|First\.|claude-sonnet-full-id/);
  expect(await book.get('r1', 'a')).toMatchObject({
    body: { prompt: 'A prompt that nobody sees.' },
  });
});

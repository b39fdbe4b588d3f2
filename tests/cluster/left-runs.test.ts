import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import type { NewRun } from '../../src/agent-runs/recorder.ts';
import { toRunKey } from '../../src/agent-runs/shared/shared-run-store.ts';
import type { Run } from '../../src/run.ts';
import { RUN_END, RUN_START, toAgentRequest } from '../sessions/agent-request.ts';
import { openTestBook } from './open-test-book.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** A run of an agent waits in the cluster's queue while the book of its front is cut off: who may begin it? */

const LEASE_MS = 600;

let redis: RedisServer;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => redis.stop());

/** A front with its book of runs; it goes on with what others left. */
async function openServer(prefix: string) {
  const place = { redisUrl: redis.url, prefix };
  const toRecord = (id: string) =>
    toRunKey({ toKey: (...parts) => [prefix, 'state', ...parts].join(':') }, id);
  const front = await openTestFront({ ...place, toRecord });
  const opened = await openTestBook(place, { id: front.id, leaseMs: LEASE_MS });
  ends.push(front.backend.close, opened.close);
  const { run } = front.backend;
  opened.book.beginLeft(({ id }) => opened.book.start(run, { ...newRun(id), wasPutOff: true }));
  return { ...opened, run };
}

/** Notes which runs it begins; none of them ends before `finish` is called. */
async function openWorker(prefix: string) {
  const begun: string[] = [];
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const run: Run = async function* noted({ caller: { requestId } }) {
    begun.push(requestId);
    yield RUN_START;
    await finished;
    yield RUN_END;
  };
  const worker = await openTestWorker({ redisUrl: redis.url, prefix, places: 5 }, run);
  ends.push(() => worker.leave(0));
  return { begun, finish };
}

const newRun = (requestId: string): NewRun => {
  const request = toAgentRequest();
  return {
    request: { ...request, isPatient: true, caller: { ...request.caller, keyId: 'a', requestId } },
    body: { prompt: 'Hi' },
    isBackground: true,
    toAnswer: () => ({ result: 'Hello.' }),
    toFailure: ({ code, message }) => ({ error: { code, message } }),
  };
};

type Server = Awaited<ReturnType<typeof openServer>>;

async function untilState({ book }: Server, state: string) {
  await vi.waitFor(
    async () => {
      await book.takeOver();
      expect(await book.get('r1', 'a')).toMatchObject({ state });
    },
    { timeout: 20_000, interval: 50 },
  );
}

test('a worker took it before anyone knew the front as lost: interrupted, and begun by nobody else', async () => {
  const prefix = randomUUID();
  const [lost, other] = [await openServer(prefix), await openServer(prefix)];
  await lost.book.start(lost.run, newRun('r1'));
  lost.lose();
  const { begun, finish } = await openWorker(prefix);
  await vi.waitFor(() => expect(begun).toEqual(['r1']), { timeout: 20_000 });
  await untilState(other, 'interrupted');
  finish();
  expect(begun).toEqual(['r1']);
});

test('another front took it over before a worker came: the worker begins it once, for that one', async () => {
  const prefix = randomUUID();
  const [lost, other] = [await openServer(prefix), await openServer(prefix)];
  await lost.book.start(lost.run, newRun('r1'));
  lost.lose();
  await vi.waitFor(
    async () => {
      await other.book.takeOver();
      expect(await redis.client.zcard(`${prefix}:workers`)).toBe(0);
      expect(await redis.client.keys(`${prefix}:run:*:request`)).toHaveLength(2);
    },
    { timeout: 20_000, interval: 50 },
  );
  const { begun, finish } = await openWorker(prefix);
  finish();
  await untilState(other, 'done');
  expect(begun).toEqual(['r1']);
});

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createLiveRuns } from '../../src/observation/live-runs.ts';
import type { RunRecord } from '../../src/observation/run-record.ts';
import { createSharedRuns } from '../../src/observation/shared-runs.ts';
import { RunError } from '../../src/run-error.ts';
import { joinCluster } from '../../src/state/shared-servers.ts';
import { RECORD } from '../observation/record.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const SECRET = 'a-secret-of-this-cluster-0123456789';
const WORKER = { id: 'worker-a', host: 'here' };

let redis: RedisServer;
const ends: (() => Promise<void> | void)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => redis.stop());

/** A front that gives signs of life; a deaf one does not answer the others. */
async function openFront(prefix: string, id: string, isDeaf = false) {
  const shared = await openSharedState({
    redisUrl: redis.url,
    secret: SECRET,
    prefix,
    onProblem: ignore,
  });
  ends.push(shared.end);
  const server = await joinCluster({ shared, id, leaseMs: 10_000, onProblem: ignore });
  ends.push(server.close);
  const live = createLiveRuns();
  const options = { shared, front: { id, host: hostname() }, live, onProblem: ignore };
  return { live, runs: isDeaf ? undefined : createSharedRuns({ ...options, findWorker }) };
}

function findWorker(requestId: string) {
  return requestId === 'req_two' ? WORKER : undefined;
}

function begin(live: ReturnType<typeof createLiveRuns>, id: string, startedAtMs: number) {
  const record: RunRecord = { ...RECORD, id, startedAtMs, outcome: undefined, totalMs: undefined };
  const stop = vi.fn<(reason: unknown) => void>();
  live.observer.started?.(record, stop);
  return { record, stop };
}

test('what runs at all fronts is seen, and stopped, at each of them', async () => {
  const prefix = randomUUID();
  const [one, two] = [await openFront(prefix, 'one'), await openFront(prefix, 'two')];
  begin(one.live, 'req_one', 2000);
  const { record, stop } = begin(two.live, 'req_two', 1000);
  const seen = await vi.waitFor(
    async () => {
      const found = await one.runs?.read();
      expect(found).toMatchObject({ silent: [] }); // it has subscribed by now
      return found;
    },
    { timeout: 20_000 },
  );
  expect(seen?.running).toMatchObject([
    {
      record: { id: 'req_two', keyId: 'laptop' },
      front: { id: 'two', host: hostname() },
      worker: WORKER,
    },
    { record: { id: 'req_one' }, front: { id: 'one', host: hostname() }, worker: undefined },
  ]);
  await one.runs?.stop('req_two');
  expect(stop).toHaveBeenCalledWith(expect.objectContaining({ code: 'cancelled' }));
  const failure = new RunError('cancelled', 'The operator of this server stopped the request.');
  two.live.observer.ended?.({ ...record, outcome: 'cancelled', totalMs: 5, failure });
  expect((await one.runs?.read())?.recent).toMatchObject([
    { record: { id: 'req_two', failure: { code: 'cancelled' } }, front: { id: 'two' } },
  ]);
  await expect(one.runs?.stop('req_none')).rejects.toMatchObject({ code: 'not-found' });
});

test('a front that does not answer is left out and named, and what it may have is not called gone', async () => {
  const prefix = randomUUID();
  const one = await openFront(prefix, 'one');
  await openFront(prefix, 'deaf', true);
  begin(one.live, 'req_one', 1000);
  expect(await one.runs?.read()).toMatchObject({
    running: [{ record: { id: 'req_one' } }],
    silent: [{ id: 'deaf', host: expect.any(String) }],
  });
  await expect(one.runs?.stop('req_two')).rejects.toMatchObject({
    code: 'queue-timeout',
    message: expect.stringContaining('(deaf) does not answer at present'),
  });
});

test('while Redis is away each front tells of its own, and names the others', async () => {
  const prefix = randomUUID();
  const one = await openFront(prefix, 'one');
  await openFront(prefix, 'two');
  begin(one.live, 'req_one', 1000);
  await vi.waitFor(
    async () => expect(await one.runs?.read()).toMatchObject({ silent: [] }),
    20_000,
  );
  await redis.shutDown();
  expect(await one.runs?.read()).toMatchObject({
    running: [{ record: { id: 'req_one' } }],
    silent: [{ id: 'two' }],
  });
  await redis.start();
  await vi.waitFor(
    async () => expect(await one.runs?.read()).toMatchObject({ silent: [] }),
    20_000,
  );
});

function ignore(): void {}

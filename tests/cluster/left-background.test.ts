import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { createBackgroundRuns } from '../../src/responses/background-runs.ts';
import { createSigns } from '../../src/responses/background-signs.ts';
import { createSharedBackground } from '../../src/responses/shared-background.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** What becomes of runs in the background whose server is lost, by themselves: without responses. */

const LEASE_MS = 600;
const TTL_MS = 3_600_000;
const SECRET = 'a-secret-of-this-cluster-0123456789';

let redis: RedisServer;
const ends: (() => void)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
});
afterAll(() => redis.stop());

async function openState(prefix: string) {
  const shared = await openSharedState({
    redisUrl: redis.url,
    secret: SECRET,
    prefix,
    onProblem: ignore,
  });
  ends.push(shared.end);
  return shared;
}

test('ending one that has ended waits for nothing, though Redis has just come back', async () => {
  const shared = await openState(randomUUID());
  let asked = 0;
  const ask: typeof shared.ask = (work) => {
    asked += 1;
    return shared.ask(work);
  };
  const background = await createSharedBackground<string>({
    local: createBackgroundRuns(60_000),
    shared: { ...shared, ask, upForMs: () => 0 },
    leaseMs: 60_000,
    ttlMs: TTL_MS,
    writes: createPatientWrites({ onProblem: ignore }),
    onProblem: ignore,
  });
  ends.push(background.close);
  const signs = createSigns<string>({ shared, server: 'a', leaseMs: 60_000, ttlMs: TTL_MS });
  await signs.begin('run', false, 'what was asked');
  await signs.leave('run');
  await redis.client.del(shared.toKey('background', 'run')); // its end is seen for a minute
  for (const id of ['run', 'unknown']) await background.end(id, new Error('Enough.'));
  expect(asked).toBeLessThan(20);
});

test('events of a run that cannot be gone on with are not kept for longer than its end is seen', async () => {
  const shared = await openState(randomUUID());
  const signs = createSigns<string>({ shared, server: 'a', leaseMs: LEASE_MS, ttlMs: TTL_MS });
  await signs.begin('run', true, undefined);
  await signs.append('run', 1, 'told');
  expect(await signs.claim('run', true)).toEqual({
    asked: undefined,
    keepsEvents: true,
    cancelled: undefined,
    losses: 0,
  });
  const key = shared.toKey('background', 'run', 'events');
  const leftMs = await redis.client.pttl(key);
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(60_000);
});

test('that a run cannot be gone on with is told, though its followers have events of it', async () => {
  const prefix = randomUUID();
  const left = createSigns<string>({
    shared: await openState(prefix),
    server: 'lost',
    leaseMs: LEASE_MS,
    ttlMs: TTL_MS,
  });
  await left.begin('run', true, 'what was asked');
  await left.append('run', 1, 'told');
  const problems: unknown[] = [];
  const onProblem = (error: unknown) => problems.push(error);
  const background = await createSharedBackground<string>({
    local: createBackgroundRuns(60_000),
    shared: await openState(prefix),
    leaseMs: LEASE_MS,
    ttlMs: TTL_MS,
    writes: createPatientWrites({ onProblem }),
    onProblem,
  });
  ends.push(background.close);
  const failure = new Error('It cannot be begun.');
  background.goOnWith(() => {
    throw failure;
  });
  await vi.waitFor(
    async () => {
      // It is given back as it fails, and would be taken over again.
      const isLeft = problems.length === 0 && !(await background.isAlive('run'));
      if (isLeft) await background.takeOver('run');
      expect(problems).toContain(failure);
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(problems).toEqual([failure]);
});

test('a server that ends just as it takes a run over gives it back: it was not lost with it', async () => {
  const shared = await openState(randomUUID());
  const left = createSigns<string>({ shared, server: 'lost', leaseMs: LEASE_MS, ttlMs: TTL_MS });
  await left.begin('run', false, 'what was asked');
  await redis.client.del(shared.toKey('background', 'run')); // its sign of life
  const end = vi.fn<() => void>();
  const run: typeof shared.run = async (...values) => {
    const answer = await shared.run(...values);
    end();
    return answer;
  };
  const background = await createSharedBackground<string>({
    local: createBackgroundRuns(60_000),
    shared: { ...shared, run, upForMs: () => LEASE_MS },
    leaseMs: LEASE_MS,
    ttlMs: TTL_MS,
    writes: createPatientWrites({ onProblem: ignore }),
    onProblem: ignore,
  });
  ends.push(background.close);
  background.goOnWith(() => {
    throw new Error('It ends, and begins nothing.');
  });
  end.mockImplementation(() => void background.endAll(new Error('The server ends.')));
  expect(await background.takeOver('run')).toBe(false);
  expect(await redis.client.hget(shared.toKey('background', 'run', 'task'), 'server')).toBe('');
  expect(await background.isAlive('run')).toBe(false);
});

function ignore(): void {}

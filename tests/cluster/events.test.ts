import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { createNames } from '../../src/cluster/names.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import type { Run } from '../../src/run.ts';
import { toChatRequest } from '../claude/chat-request.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';
import { openTestFront, openTestWorker, SECRET } from './open-test-members.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const DELTAS = 5000;

let redis: RedisServer;
const leaving: (() => Promise<void>)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
});
afterAll(() => redis.stop());

test('thousands of deltas at once come in a few messages', async () => {
  const run = await open(async function* quickly() {
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    for (let count = 1; count <= DELTAS; count += 1) {
      yield { type: 'part-delta', index: 0, delta: `${count} ` };
    }
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  });
  const before = await countMessages();
  const deltas = await readDeltas(run);
  expect(deltas).toEqual(Array.from({ length: DELTAS }, (_, index) => `${index + 1} `));
  expect((await countMessages()) - before).toBeLessThan(DELTAS / 50);
});

test('a delta behind which nothing comes is not kept waiting', async () => {
  const words = ['one', 'two', 'three', 'four'];
  const heard = words.map(() => Promise.withResolvers<void>());
  const run = await open(async function* slowly() {
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    for (const [index, delta] of words.entries()) {
      yield { type: 'part-delta', index: 0, delta };
      await heard[index]?.promise; // the next one comes when the caller has this one
    }
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  });
  let count = 0;
  const deltas = await readDeltas(run, () => heard[count++]?.resolve());
  expect(deltas).toEqual(words);
});

test('a cost that is sent again, as the answer of Redis was lost, is counted once', async () => {
  const place = { redisUrl: redis.url, prefix: randomUUID() };
  const costs: number[] = [];
  const front = await openTestFront({ ...place, onCost: (_, costUsd) => void costs.push(costUsd) });
  leaving.push(front.backend.close);
  const seal = createSeal(SECRET);
  for (const [id, costUsd] of Object.entries({ first: 1, second: 2 })) {
    const told = { id, caller: { keyId: 'a', requestId: 'r1' }, costUsd };
    for (const _ of ['sent', 'sent again']) {
      const data = seal.close(JSON.stringify(told), `cost ${front.id}`);
      const stream = createNames(place.prefix).events(front.id);
      await redis.client.xadd(stream, '*', 'kind', 'note', 'data', data);
    }
  }
  await expect.poll(() => costs, { timeout: 20_000 }).toContain(2);
  const left = () => redis.client.xlen(createNames(place.prefix).events(front.id));
  await expect.poll(left, { timeout: 20_000 }).toBe(0);
  expect(costs).toEqual([1, 2]);
});

/** A front whose one worker carries this out. */
async function open(run: Run): Promise<Run> {
  const place = { redisUrl: redis.url, prefix: randomUUID() };
  const worker = await openTestWorker(place, run);
  leaving.push(() => worker.leave(0));
  const front = await openTestFront(place);
  leaving.push(front.backend.close);
  return front.backend.run;
}

async function readDeltas(run: Run, onDelta: () => void = () => {}) {
  const deltas: string[] = [];
  for await (const event of run(toChatRequest(), new AbortController().signal)) {
    if (event.type !== 'part-delta') continue;
    deltas.push(event.delta);
    onDelta();
  }
  return deltas;
}

/** Entries that were ever added to a stream; beside those for fronts a few of the queue's own. */
async function countMessages() {
  const info = await redis.client.info('commandstats');
  return Number(/^cmdstat_xadd:calls=(\d+)/m.exec(info)?.[1] ?? 0);
}

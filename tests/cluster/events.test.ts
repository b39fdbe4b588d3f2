import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import { toChatRequest } from '../claude/chat-request.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
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

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { heldReply, silentReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { type Cluster, type Member, nameOf, startCluster, untilReady } from './start-cluster.ts';

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);
const HIDDEN = 'a word that nobody may find';

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({ fronts: ['front', 'other'] });
  [front, other] = cluster.fronts as [Member, Member];
  await untilReady(front);
});
afterAll(() => cluster.stop());

test('nothing that was asked or answered can be read in Redis, nor on its disk', async () => {
  cluster.model.answer = () => textReply(`${HIDDEN}, answered`);
  for (const call of CALL_NAMES) {
    for (const stream of [false, true]) {
      const response = await ask(front, call, `${HIDDEN}, asked`, { stream });
      expect(await response.text()).toContain('answered');
    }
  }
  const { client, folder } = cluster.redis;
  const files = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.aof'),
  );
  const disk = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  expect(disk.join('').length).toBeGreaterThan(1000);
  expect(disk.join('')).not.toContain('nobody may find');
  const requests = await client.keys('*:request');
  expect(requests).toEqual([]);
});

test('while Redis is away: 503 with Retry-After in each dialect, and all is well afterwards', async () => {
  await cluster.redis.shutDown();
  await untilReady(front, 503);
  const ready = await front.send('/ready');
  expect(await ready.json()).toMatchObject({ reasons: expect.arrayContaining(['redis-lost']) });
  for (const call of CALL_NAMES) {
    const response = await ask(front, call, 'Hi');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await readFailure(response)).toMatchObject({
      status: 503,
      message: expect.stringContaining('cannot be reached at present'),
    });
  }
  await cluster.redis.start();
  await untilReady(front);
  cluster.model.answer = () => textReply(TEXT);
  expect((await ask(front, 'messages', 'Hi')).status).toBe(200);
});

test('a stream that had begun goes on when Redis is back', async () => {
  const held = Promise.withResolvers<void>();
  cluster.model.answer = () => heldReply(TEXT, held.promise);
  const response = await ask(front, 'messages', 'Hi', { stream: true });
  const stream = await readStream('messages', response, (text) => {
    if (text !== 'one two') return;
    void (async () => {
      await cluster.redis.shutDown();
      held.resolve();
      await untilReady(front, 503);
      await cluster.redis.start();
    })();
  });
  expect(stream).toMatchObject({ text: TEXT, hasNormalEnd: true });
  await untilReady(front);
});

test('a lost front: what it had asked for is cancelled', async () => {
  await untilReady(other); // Redis was away before
  cluster.model.answer = () => heldReply(TEXT, NEVER);
  const response = await ask(other, 'messages', 'Hi', { stream: true });
  const reading = readStream('messages', response, (text) => {
    if (text === 'one two') other.signal('SIGKILL');
  });
  await expect(reading).rejects.toThrow('terminated');
  expect(await cluster.model.requests.at(-1)?.closed).toBe('aborted');
});

test('a worker that leaves finishes what it has, and takes no more', async () => {
  const held = Promise.withResolvers<void>();
  cluster.model.answer = () => heldReply(TEXT, held.promise);
  const response = await ask(front, 'messages', 'Hi', { stream: true });
  const leaving = nameOf(cluster.model.requests.at(-1) ?? never());
  const worker = cluster.workers.find(({ name }) => name === leaving);
  const stream = await readStream('messages', response, (text) => {
    if (text !== 'one two') return;
    worker?.signal('SIGTERM');
    held.resolve();
  });
  expect(stream).toMatchObject({ text: TEXT, hasNormalEnd: true });
  expect(await worker?.exited).toBe(0);

  const seen = cluster.model.requests.length;
  cluster.model.answer = () => textReply(TEXT);
  expect((await ask(front, 'messages', 'Hi again')).status).toBe(200);
  expect(cluster.model.requests.slice(seen).map(nameOf)).not.toContain(leaving);
});

test('a worker that leaves in a hurry hands back what nobody has heard of', async () => {
  const hurried = await cluster.addWorker('hurried', { SHUTDOWN_GRACE_MS: '0' });
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isHanded = false;
  cluster.model.answer = (_body, request) => {
    if (nameOf(request) !== 'hurried')
      return isHanded ? textReply(TEXT) : heldReply(TEXT, answered.promise);
    asked.resolve();
    return silentReply();
  };
  // The other worker has two places: the third request finds the one that will leave.
  const responses = ['one', 'two', 'three', 'four'].map((text) => ask(front, 'messages', text));
  await asked.promise;
  isHanded = true;
  hurried.signal('SIGTERM');
  answered.resolve();
  for (const response of responses) expect((await response).status).toBe(200);
  expect(await hurried.exited).toBe(0);
});

function never(): never {
  throw new Error('The model was not asked.');
}

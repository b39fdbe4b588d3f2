import { afterAll, beforeAll, expect, test } from 'vitest';

import { heldReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

/** A front whose link to Redis is cut; its callers reach it all the while. */

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({ fronts: ['front', 'other'], workers: ['a'], hasLinks: true });
  [front, other] = cluster.fronts as [Member, Member];
  await untilReady(front);
});
afterAll(() => cluster.stop());

test.each([
  ['silently', 'as it was', () => front.cut(), () => front.mend()],
  ['silently', 'with another address', () => front.cut(), () => front.mend(true)],
  ['with its link down', 'as it was', () => front.cut('down'), () => front.mend()],
])('%s cut off, and back %s: 503 with Retry-After in between', async (_how, _as, cut, mend) => {
  cluster.model.answer = () => textReply(TEXT);
  cut();
  await untilReady(front, 503);
  const ready = await front.send('/ready');
  expect(await ready.json()).toMatchObject({ reasons: expect.arrayContaining(['redis-lost']) });
  for (const call of CALL_NAMES) {
    const response = await ask(front, call, 'Hi');
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await readFailure(response)).toMatchObject({ status: 503 });
    expect((await ask(other, call, 'Hi')).status).toBe(200);
  }
  mend();
  await untilReady(front);
  for (const call of CALL_NAMES) expect((await ask(front, call, 'Hi')).status).toBe(200);
  const counted = await front.send('/v1/messages/count_tokens', {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  expect(counted.status).toBe(200);
});

test.each([
  ['messages', () => front.mend()],
  ['agent runs', () => front.mend(true)],
] as const)(
  'what it had asked for is cancelled, and its caller told when it is back: %s',
  async (call, mend) => {
    cluster.model.answer = () => heldReply(TEXT, NEVER);
    const response = await ask(front, call, 'Hi', { stream: true });
    const seen = cluster.model.requests.length;
    const { promise: isCut, resolve: noteCut } = Promise.withResolvers<void>();
    const reading = readStream(call, response, (text) => {
      if (text !== 'one two') return;
      front.cut();
      noteCut();
    });
    await isCut;
    expect(await cluster.model.requests.at(-1)?.closed).toBe('aborted');
    cluster.model.answer = () => textReply(TEXT);
    expect((await ask(other, 'messages', 'Hi')).status).toBe(200);
    mend();
    const { last, ...stream } = await reading;
    expect(stream).toEqual({ status: 200, text: 'one two', hasNormalEnd: false });
    expect(JSON.stringify(last)).toContain('was not heard of for a while');
    await untilReady(front);
    expect((await ask(front, call, 'Hi again')).status).toBe(200);
    expect(cluster.model.requests).toHaveLength(seen + 2);
  },
);

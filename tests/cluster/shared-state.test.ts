import { afterAll, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { createSend, type Proxy } from '../support/start-proxy.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

const BODY = { model: 'sonnet', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({ fronts: ['front', 'other'], workers: ['a'] });
  [front, other] = cluster.fronts as [Member, Member];
  cluster.model.answer = demoAnswer;
  await Promise.all([untilReady(front), untilReady(other)]);
});
afterAll(() => cluster.stop());

test('a key made at one front works at the other at once, and is revoked there at once', async () => {
  const { key, id } = await addKey({ scopes: ['chat'] });
  expect((await sendAs(other, key)('/v1/messages', BODY)).status).toBe(200);
  const revoked = await front.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  expect(revoked.status).toBe(200);
  const asked = Array.from({ length: 4 }, () => sendAs(other, key)('/v1/messages', BODY));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401]));
});

test('a limit holds over both fronts together', async () => {
  const { key } = await addKey({ scopes: ['chat'], requestsPerMinute: 3 });
  const fronts = [front, other, front, other, front, other];
  const asked = fronts.map((member) => sendAs(member, key)('/v1/messages', BODY));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
});

test('as many are under way at once as a key may have, whichever front they came to', async () => {
  const { key } = await addKey({ scopes: ['chat'], runningAtOnce: 1 });
  const held = Promise.withResolvers<void>();
  cluster.model.answer = () => heldReply('one two three four', held.promise);
  const stream = await sendAs(front, key)('/v1/messages', { ...BODY, stream: true });
  expect(stream.status).toBe(200);
  const refused = await sendAs(other, key)('/v1/messages', BODY);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  held.resolve();
  await stream.text();
  cluster.model.answer = demoAnswer;
  expect((await sendAs(other, key)('/v1/messages', BODY)).status).toBe(200);
});

/** Adds a key at the first front. */
async function addKey(rules: object) {
  const response = await front.send('/api/admin/keys', { name: `key-${Date.now()}`, ...rules });
  expect(response.status).toBe(200);
  return (await response.json()) as { key: string; id: string };
}

function sendAs({ url }: Member, key: string): Proxy['send'] {
  return createSend(url, { connection: 'close', authorization: `Bearer ${key}` });
}

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { KEY } from '../support/start-proxy.ts';
import { addKey, sendAs } from './keys.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

const BODY = { model: 'sonnet', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };
const NEVER = new Promise(() => undefined);

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
  const { key, id } = await addKey(front, { scopes: ['chat'] });
  expect((await sendAs(other, key)('/v1/messages', BODY)).status).toBe(200);
  const revoked = await front.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  expect(revoked.status).toBe(200);
  const asked = Array.from({ length: 4 }, () => sendAs(other, key)('/v1/messages', BODY));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([401]));
});

test('a limit holds over both fronts together', async () => {
  const { key } = await addKey(front, { scopes: ['chat'], requestsPerMinute: 3 });
  const fronts = [front, other, front, other, front, other];
  const asked = fronts.map((member) => sendAs(member, key)('/v1/messages', BODY));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
});

test('as many are under way at once as a key may have, whichever front they came to', async () => {
  const { key } = await addKey(front, { scopes: ['chat'], runningAtOnce: 1 });
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

test('what ended at one front stands in the list and the history of the other', async () => {
  const asked = await front.send('/v1/messages', BODY);
  const id = asked.headers.get('request-id') ?? asked.headers.get('x-request-id');
  await vi.waitFor(async () => {
    const listed = await other.send(`/api/admin/requests?text=${id}`);
    expect(await listed.json()).toMatchObject({ requests: [{ id, status: 'done' }] });
  }, 20_000);
});

test('a response stored at one front is read, continued and deleted at the other', async () => {
  cluster.model.answer = demoAnswer;
  const stored = await front.send('/v1/responses', {
    model: 'sonnet',
    input: 'My word is basalt.',
  });
  const { id } = (await stored.json()) as { id: string };
  const path = `/v1/responses/${id}`;
  expect(await (await other.send(path)).json()).toMatchObject({ id, status: 'completed' });
  const next = { model: 'sonnet', input: 'And?', previous_response_id: id };
  expect((await other.send('/v1/responses', next)).status).toBe(200);
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain('basalt');
  expect((await other.send(path, undefined, { method: 'DELETE' })).status).toBe(200);
  expect((await front.send(path)).status).toBe(404);
});

test('a background response is followed and cancelled at the other front', async () => {
  cluster.model.answer = () => heldReply('one two three four', NEVER);
  const id = await startResponse(front);
  const stream = await other.send(`/v1/responses/${id}?stream=true`);
  const cancelled = await untilSaid(stream, 'two', () =>
    other.send(`/v1/responses/${id}/cancel`, undefined, { method: 'POST' }),
  );
  expect(await cancelled?.json()).toMatchObject({ id, status: 'cancelled' });
  expect(await cluster.model.requests.at(-1)?.closed).toBe('aborted');
  expect(await (await front.send(`/v1/responses/${id}`)).json()).toMatchObject({
    status: 'cancelled',
  });
});

test('a session begun at one front is listed, continued and removed at the other', async () => {
  cluster.model.answer = demoAnswer;
  const begun = await front.send('/api/run', { model: 'sonnet', prompt: 'My word is basalt.' });
  const { sessionId } = (await begun.json()) as { sessionId: string };
  const listed = (await (await other.send('/api/sessions')).json()) as { sessions: object[] };
  expect(listed.sessions).toEqual([expect.objectContaining({ id: sessionId, turns: 1 })]);
  const next = await other.send('/api/run', { model: 'sonnet', prompt: 'And?', sessionId });
  expect(await next.json()).toMatchObject({ sessionId });
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain('basalt');
  const path = `/api/sessions/${sessionId}`;
  expect((await other.send(path, undefined, { method: 'DELETE' })).status).toBe(200);
  expect((await front.send(path)).status).toBe(404);
});

test('who signed in at one front is signed in at the other, and out at both', async () => {
  const signedIn = await fetch(`${front.url}/sign-in`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key: KEY }),
    redirect: 'manual',
  });
  expect(signedIn.status).toBe(303);
  const id = /=([^;]+)/.exec(signedIn.headers.get('set-cookie') ?? '')?.[1] ?? '';
  const open = async (member: Member, path: string, method = 'GET') => {
    // Cookies are named by the port, which is one for all behind a load balancer.
    const cookie = `claude-code-proxy-${new URL(member.url).port}=${id}`;
    const headers = { 'sec-fetch-site': 'same-origin', cookie };
    return fetch(member.url + path, { method, headers, redirect: 'manual' });
  };
  expect((await open(other, '/api/admin/status')).status).toBe(200);
  await open(other, '/sign-out', 'POST');
  expect((await open(front, '/api/admin/status')).status).toBe(401);
});

async function startResponse(member: Member) {
  const body = { model: 'sonnet', input: 'Count.', background: true, stream: true };
  const left = new AbortController();
  const response = await member.send('/v1/responses', body, { signal: left.signal });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('"in_progress"')) break;
  }
  left.abort();
  return /"id":"(resp_[^"]+)"/.exec(text)?.[1] ?? '';
}

/** Reads a stream to its end; when a word has come, something is done. */
async function untilSaid<Result>(response: Response, word: string, act: () => Promise<Result>) {
  let text = '';
  let acting: Promise<Result> | undefined;
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(word)) acting ??= act();
  }
  return acting;
}

/** Adds a key at the first front. */

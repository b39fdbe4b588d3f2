import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { addKey, sendAs } from './keys.ts';
import { type Cluster, type Member, nameOf, startCluster, untilReady } from './start-cluster.ts';

const NEW_KEY = { scopes: ['chat', 'agent'] };

let cluster: Cluster;
let front: Member;
beforeAll(async () => {
  cluster = await startCluster({ workers: ['plain'], settings: { QUEUE_TIMEOUT_MS: '3000' } });
  front = cluster.fronts[0] as Member;
  await cluster.addWorker('tagged', { WORKER_TAGS: 'gpu,eu' });
  await untilReady(front);
  cluster.model.answer = () => textReply('Done.');
});
afterAll(() => cluster.stop());

test('what asks for tags goes only where all of them are', async () => {
  for (let round = 0; round < 4; round += 1) {
    const response = await front.send('/api/run', { prompt: 'Hi', tags: ['eu', 'gpu'] });
    expect(response.status).toBe(200);
  }
  expect(listWorkers()).toEqual(['tagged']);
  const missing = await front.send('/api/run', { prompt: 'Hi', tags: ['gpu', 'us'] });
  expect(await readFailure(missing)).toMatchObject({
    status: 503,
    message: 'No worker with the tags gpu, us took the request in time. Try again later.',
  });
});

test('a chat of a key with tags, its count of tokens and its next message go there', async () => {
  const { key } = await addKey(front, { ...NEW_KEY, tags: ['gpu'] });
  cluster.model.requests.length = 0;
  const send = sendAs(front, key);
  const messages = [{ role: 'user', content: 'Hi' }];
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await send('/v1/messages', { model: 'sonnet', max_tokens: 50, messages });
    expect(response.status).toBe(200);
    messages.push({ role: 'assistant', content: 'Done.' }, { role: 'user', content: 'And?' });
  }
  const count = await send('/v1/messages/count_tokens', { model: 'sonnet', messages });
  expect(count.status).toBe(200);
  expect(listWorkers()).toEqual(['tagged']);
});

test('a run that asks for tags waits for a worker that has them', async () => {
  const response = await front.send('/api/run', { prompt: 'Hi', tags: ['late'], background: true });
  const { id } = (await response.json()) as { id: string };
  await cluster.addWorker('late', { WORKER_TAGS: 'late' });
  await expect.poll(async () => readState(id), { timeout: 30_000 }).toBe('done');
  expect(cluster.model.requests.map(nameOf).at(-1)).toBe('late');
});

test('a worker that drains takes nothing until it is used again, and one that is removed ends', async () => {
  const { id } = await findWorker('eu');
  const change = (isDraining: boolean) =>
    front.send(`/api/admin/workers/${id}`, { isDraining }, { method: 'PATCH' });
  expect(await (await change(true)).json()).toEqual({ id, isDraining: true });
  expect((await findWorker('eu')).isDraining).toBe(true);
  const refused = await front.send('/api/run', { prompt: 'Hi', tags: ['eu'] });
  expect(refused.status).toBe(503);
  await change(false);
  expect((await front.send('/api/run', { prompt: 'Hi', tags: ['eu'] })).status).toBe(200);

  const last = await cluster.addWorker('last', { WORKER_TAGS: 'last' });
  const path = `/api/admin/workers/${(await findWorker('last')).id}`;
  expect((await front.send(path, undefined, { method: 'DELETE' })).status).toBe(200);
  await last.exited;
  const gone = await front.send(path, undefined, { method: 'DELETE' });
  expect(await readFailure(gone)).toMatchObject({ status: 404 });
});

test('a session goes on at any worker that shares the transcripts', async () => {
  const shared = await mkdtemp(join(tmpdir(), 'shared-'));
  const settings = {
    TRANSCRIPTS: 'shared',
    CLAUDE_CONFIG_DIR: join(shared, 'claude'),
    DEFAULT_WORKSPACE_DIR: join(shared, 'workspace'),
  };
  const one = await cluster.addWorker('one', { ...settings, WORKER_TAGS: 'one' });
  await cluster.addWorker('other', settings);
  const first = await front.send('/api/run', { prompt: 'Remember 7.', tags: ['one'] });
  const { sessionId } = (await first.json()) as { sessionId: string };
  one.signal('SIGKILL');
  await one.exited;
  cluster.model.requests.length = 0;
  const second = await front.send('/api/run', { prompt: 'Which?', sessionId });
  expect(await second.json()).toMatchObject({ sessionId });
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain('Remember 7.');
  expect(listWorkers()).toEqual(['other']);
  await vi.waitFor(async () => expect(await readTags()).not.toContain('one'), 20_000);
  const forked = await front.send(`/api/sessions/${sessionId}/fork`, {});
  const { id, ...rest } = (await forked.json()) as { id: string };
  expect({ status: forked.status, ...rest }).toMatchObject({ status: 200, turns: 2 });
  await front.send('/api/run', { prompt: 'And there?', sessionId: id });
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain('Remember 7.');
  const said = await front.send(`/api/sessions/${id}/messages`);
  expect(JSON.stringify(await said.json())).toMatch(/Remember 7\..*And there\?/);
  expect((await front.send(`/api/sessions/${id}`, undefined, { method: 'DELETE' })).status).toBe(
    200,
  );
  const listAll = () => readdir(join(shared, 'claude/projects'), { recursive: true });
  await expect.poll(listAll).not.toContainEqual(expect.stringContaining(id));
  expect(await listAll()).toContainEqual(expect.stringContaining(sessionId));
  await rm(shared, { recursive: true });
});

test('a key bound to an account runs nowhere else', async () => {
  const { key } = await addKey(front, { ...NEW_KEY, tags: ['account:nobody@example.com'] });
  const body = { model: 'sonnet', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] };
  cluster.model.requests.length = 0;
  const refused = await sendAs(front, key)('/v1/messages', body);
  expect(await readFailure(refused)).toMatchObject({
    status: 503,
    message: expect.stringContaining('account:nobody@example.com'),
  });
  expect(cluster.model.requests).toEqual([]);
});

/** The workers that asked the model since it was last looked. */
function listWorkers() {
  const names = new Set(cluster.model.requests.map(nameOf));
  cluster.model.requests.length = 0;
  return [...names];
}

async function readState(run: string) {
  const response = await front.send(`/api/runs/${run}`);
  return ((await response.json()) as { state: string }).state;
}

type Worker = { id: string; tags: string[]; isDraining: boolean };

/** Resolves when a worker with this tag is seen. */
async function findWorker(tag: string): Promise<Worker> {
  return vi.waitFor(
    async () => {
      const found = (await readWorkers()).find(({ tags }) => tags.includes(tag));
      if (!found) throw new Error(`No worker has the tag ${tag}.`);
      return found;
    },
    { timeout: 20_000, interval: 100 },
  );
}

async function readTags() {
  return (await readWorkers()).flatMap(({ tags }) => tags);
}

async function readWorkers() {
  const response = await front.send('/api/admin/status');
  const status = (await response.json()) as { cluster: { workers: Worker[] } };
  return status.cluster.workers;
}

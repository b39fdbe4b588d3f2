import { randomUUID } from 'node:crypto';
import { access, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { errorReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { addKey, sendAs } from './keys.ts';
import {
  type Cluster,
  type Member,
  nameOf,
  startCluster,
  untilReady,
  untilWorkers,
} from './start-cluster.ts';

/** What was said in sessions is read, and removed, where their workers have it; at any front. */

let cluster: Cluster;
let front: Member;
let other: Member;
let last = '';
beforeAll(async () => {
  cluster = await startCluster({
    fronts: ['front', 'other'],
    settings: { MAX_SESSIONS_PER_KEY: '2', WORKER_TAGS: 'here' },
  });
  [front, other] = cluster.fronts as [Member, Member];
  await untilReady(front);
  await untilReady(other);
  cluster.model.answer = (_body, request) => {
    last = nameOf(request);
    return textReply('Hello.');
  };
});
afterAll(() => cluster.stop());

/** Begins a session, and says which worker has it. */
async function begin(send = front.send, body: object = {}) {
  const response = await send('/api/run', { prompt: 'Hi', ...body });
  expect(response.status).toBe(200);
  const { sessionId: id } = (await response.json()) as { sessionId: string };
  return { id, worker: last };
}

function findWorker(name: string) {
  return cluster.workers.find((one) => one.name === name) as Member; // the model has heard of no other
}

const toProjects = (member: Member) => join(member.folder, 'home/.claude/projects');

/** The transcripts of a worker, by the ids of their sessions. */
async function listTranscripts(projects: string) {
  const files = await readdir(projects, { recursive: true }).catch(() => []);
  return files.flatMap((file) => /([\da-f-]{36})\.jsonl$/.exec(file)?.[1] ?? []);
}

const readMessages = async (member: Member, id: string, query = '') =>
  (await member.send(`/api/sessions/${id}/messages${query}`)).json();

test('what was said is read at any front, which has no transcripts itself', async () => {
  const { id, worker } = await begin();
  expect(await readMessages(other, id)).toMatchObject({
    messages: [
      { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', parts: [{ type: 'text', text: 'Hello.' }] },
    ],
    hasMore: false,
  });
  expect(await readMessages(other, id, '?limit=1')).toMatchObject({
    messages: [{ role: 'assistant' }],
    hasMore: true,
  });
  expect(await listTranscripts(toProjects(findWorker(worker)))).toContain(id);
  await expect(access(toProjects(other))).rejects.toThrow('ENOENT');
});

test('a session that is deleted, or makes room, loses its transcript at its worker', async () => {
  const { key } = await addKey(front, { scopes: ['agent'] });
  const send = sendAs(front, key);
  const first = await begin(send);
  const second = await begin(send);
  await begin(send);
  await untilRemoved(first);
  const path = `/api/sessions/${second.id}`;
  const deleted = await sendAs(other, key)(path, undefined, { method: 'DELETE' });
  expect(await deleted.json()).toEqual({ id: second.id, deleted: true });
  expect((await send(path)).status).toBe(404);
  await untilRemoved(second);
});

test('a run that fails before it begins leaves no transcript', async () => {
  const before = await listAll();
  const { answer } = cluster.model;
  cluster.model.answer = () => errorReply(400, 'invalid_request_error', 'No.');
  const refused = await front.send('/api/run', { prompt: 'Hi' });
  cluster.model.answer = answer;
  expect(refused.status).toBe(400);
  await expect.poll(async () => subtract(await listAll(), before)).toEqual([]);
});

test('what a key asks of its workers holds for its sessions, too', async () => {
  const { key, id: keyId } = await addKey(front, { scopes: ['agent'], tags: ['here'] });
  const send = sendAs(front, key);
  const { id } = await begin(send);
  const path = `/api/sessions/${id}`;
  const { messages } = (await (await send(`${path}/messages`)).json()) as {
    messages: { id: string }[];
  };
  const [{ id: since } = { id: '' }] = messages;
  const asked = async () => [
    await send('/api/run', { prompt: 'Hi', sessionId: id }),
    await send(`${path}/messages`),
    await send(`${path}/fork`, {}),
    await send(`${path}/changes?since=${since}`),
    await send(`${path}/rewind`, { since }),
  ];
  const rules = { scopes: ['agent'], tags: ['there'] };
  await front.send(`/api/admin/keys/${keyId}`, rules, { method: 'PUT' });
  for (const response of await asked()) {
    expect(await readFailure(response)).toMatchObject({
      status: 400,
      message:
        'This session is on a worker that lacks one of the tags there: begin another session.',
    });
  }
  expect((await send(path, undefined, { method: 'DELETE' })).status).toBe(200);
});

test('what is deleted while its worker is away goes when it is back, and nothing else', async () => {
  const kept = await begin();
  const removed = await beginAt(kept.worker);
  const worker = findWorker(kept.worker);
  worker.signal('SIGKILL');
  await worker.exited;
  await untilWorkers(front, 1);
  await untilWorkers(other, 1);
  const messages = await other.send(`/api/sessions/${removed.id}/messages`);
  expect(messages.headers.get('retry-after')).toBe('5');
  expect(await readFailure(messages)).toMatchObject({
    status: 503,
    message: 'The worker that has this session is not there at present. Try again later.',
  });
  const path = `/api/sessions/${removed.id}`;
  expect((await other.send(path, undefined, { method: 'DELETE' })).status).toBe(200);
  expect((await front.send(path)).status).toBe(404);
  const projects = toProjects(worker);
  const foreign = randomUUID();
  const [folder = ''] = await readdir(projects);
  await writeFile(join(projects, folder, `${foreign}.jsonl`), '');
  expect(await listTranscripts(projects)).toContain(removed.id);
  await cluster.addWorker(worker.name, { WORKER_TAGS: 'here' });
  await untilRemoved(removed);
  const left = await listTranscripts(projects);
  expect(left).toEqual(expect.arrayContaining([kept.id, foreign]));
  await untilWorkers(other, 2);
  expect(await readMessages(other, kept.id)).toMatchObject({ hasMore: false });
});

test('a Redis that has lost everything costs no transcript', async () => {
  const before = await listAll();
  const { client } = cluster.redis;
  await client.flushall();
  await expect.poll(() => client.zcard('claude-proxy:workers')).toBe(2);
  await untilWorkers(front, 2);
  const { id } = await begin();
  await front.send(`/api/sessions/${id}`, undefined, { method: 'DELETE' });
  await untilRemoved({ id, worker: last });
  expect(subtract(before, await listAll())).toEqual([]);
});

test('a session that expires loses its transcript', async () => {
  const settings = { SESSION_TTL_MS: '1000' };
  const brief = await cluster.addFront('brief', settings);
  await untilReady(brief);
  const { id } = await begin(brief.send);
  const worker = last;
  await expect.poll(async () => (await brief.send(`/api/sessions/${id}`)).status).toBe(404);
  expect(await listTranscripts(toProjects(findWorker(worker)))).toContain(id);
  await cluster.addFront('next', settings); // each looks for what has expired as it starts
  await untilRemoved({ id, worker });
});

/** A session at this worker. */
async function beginAt(worker: string) {
  for (;;) {
    const session = await begin();
    if (session.worker === worker) return session;
    await front.send(`/api/sessions/${session.id}`, undefined, { method: 'DELETE' });
  }
}

const listAll = async () =>
  (await Promise.all(cluster.workers.map((one) => listTranscripts(toProjects(one)))))
    .flat()
    .toSorted();

/** Lists of all are not compared as a whole: a CLI that still ends may write one anew, which goes some seconds later. */
function subtract(ids: readonly string[], others: readonly string[]) {
  return ids.filter((id) => !others.includes(id));
}

async function untilRemoved({ id, worker }: { id: string; worker: string }) {
  await expect.poll(() => listTranscripts(toProjects(findWorker(worker)))).not.toContain(id);
}

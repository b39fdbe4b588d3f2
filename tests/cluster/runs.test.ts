import { readFile, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { heldReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { startWeb, type Web } from '../media/start-web.ts';
import { followRun, startRun } from '../support/follow-run.ts';
import { readSse } from '../support/read-sse.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

const NEVER = new Promise<void>(() => undefined);

let cluster: Cluster;
let front: Member;
let other: Member;
let web: Web;
const told: { type: string; data: { runId: string } }[] = [];
beforeAll(async () => {
  web = await startWeb(async (request, response) => {
    told.push(JSON.parse(await text(request)) as (typeof told)[0]); // as webhooks are
    response.writeHead(200).end();
  });
  const settings = { WEBHOOK_ALLOWED_HOSTS: '127.0.0.1', WORKER_CONCURRENCY: '1' };
  cluster = await startCluster({ fronts: ['front', 'other'], workers: ['a'], settings });
  [front, other] = cluster.fronts as [Member, Member];
  await Promise.all([untilReady(front), untilReady(other)]);
});
afterAll(async () => {
  await cluster.stop();
  await web.close();
});

const read = async (member: Member, id: string) =>
  (await member.send(`/api/runs/${id}`)).json() as Promise<{ state: string }>; // what it holds is looked at below

const typesOf = (id: string) =>
  told.filter(({ data }) => data.runId === id).map(({ type }) => type);

const end = async (member: Member, path: string) =>
  (await member.send(path, undefined, { method: 'DELETE' })).status;

const all = (body: MessagesBody | undefined) => JSON.stringify(body?.messages ?? []);

test('a run begun at one front is followed, answered and spoken to at the other', async () => {
  cluster.model.answer = (body) =>
    all(body).includes('tool_result')
      ? textReply(all(body).includes('PLEASE') ? 'With pleasure.' : 'Done.')
      : toolReply([{ name: 'Bash', input: { command: 'touch made', description: 'work' } }]);
  const { id } = await startRun(front);
  const elsewhere = followRun(other, id);
  const approval = await elsewhere.until('approval-request');
  expect(await read(other, id)).toMatchObject({ state: 'waiting' });
  expect(await (await other.send('/api/approvals')).json()).toMatchObject({
    approvals: [{ id: approval.id, runId: id }],
  });
  expect((await other.send(`/api/runs/${id}/messages`, { text: 'PLEASE' })).status).toBe(202);
  expect(await elsewhere.until('user-message')).toMatchObject({ state: 'queued' });
  const change = { method: 'PATCH' };
  const changed = await other.send(`/api/runs/${id}`, { permissionMode: 'acceptEdits' }, change);
  expect(changed.status).toBe(200);
  const path = `/api/runs/${id}/approvals/${approval.id}`;
  expect((await other.send(path, { decision: 'allow' })).status).toBe(200);
  expect((await front.send(path, { decision: 'deny' })).status).toBe(409);
  await elsewhere.until('run-end');
  const ended = { state: 'done', answer: { result: 'With pleasure.' } };
  expect(await read(other, id)).toMatchObject(ended);
  const ids = await Promise.all(
    [front, other].map(async (member) => {
      const headers = { 'last-event-id': '2' };
      const stream = await member.send(`/api/runs/${id}/events`, undefined, { headers });
      return (await Array.fromAsync(readSse(stream))).map((message) => Number(message.id));
    }),
  );
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[1]?.[0]).toBe(3);
  expect(await end(other, `/api/runs/${id}/record`)).toBe(200);
  expect((await front.send(`/api/runs/${id}`)).status).toBe(404);
});

test('the folders of the worker say for what leave may be given, whichever front is asked', async () => {
  const [worker] = cluster.workers as [Member];
  const workspace = join(worker.folder, 'workspace');
  await symlink('/etc', join(workspace, 'link'));
  const paths = {
    inside: join(workspace, 'new', 'file'),
    outside: join(front.folder, 'workspace', 'file'), // the front's own folder is nothing to the worker
    linked: join(workspace, 'link', 'file'),
  };
  cluster.model.answer = (body) => {
    const wanted = Object.entries(paths).find(([name]) => all(body).includes(`WRITE ${name}`));
    if (!wanted || all(body).includes('tool_result')) return textReply('Done.');
    return toolReply([{ name: 'Write', input: { file_path: wanted[1], content: 'made' } }]);
  };
  for (const name of ['outside', 'linked']) {
    const { id, until } = await startRun(front, { prompt: `WRITE ${name}` });
    expect(await until('input-settled')).toMatchObject({
      decision: 'deny',
      message: expect.stringContaining('inside a folder that this server allows'),
    });
    await followRun(front, id).until('run-end');
  }
  const run = await startRun(front, { prompt: 'WRITE inside' });
  const { id: approval } = await run.until('approval-request');
  const path = `/api/runs/${run.id}/approvals/${approval}`;
  for (const elsewhere of [paths.outside, paths.linked]) {
    const input = { file_path: elsewhere, content: 'made' };
    expect((await other.send(path, { decision: 'allow', input })).status).toBe(403);
  }
  expect((await other.send(path, { decision: 'allow' })).status).toBe(200);
  await run.until('run-end');
  expect(await readFile(paths.inside, 'utf8')).toBe('made');
});

test('a run is cancelled at the other front, and the worker stops', async () => {
  cluster.model.answer = () => heldReply('I begin to work.', NEVER);
  const { id } = await startRun(front);
  await followRun(other, id).until('part-delta');
  const cancelled = await other.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
  expect(await cancelled.json()).toMatchObject({ id, state: 'cancelled' });
  expect(await cluster.model.requests.at(-1)?.closed).toBe('aborted');
});

test('what runs at one front is listed and stopped at the other', async () => {
  cluster.model.answer = () => heldReply('I begin to answer.', NEVER);
  const asking = front.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const { id } = await vi.waitFor(
    async () => {
      const { running } = (await (await other.send('/api/admin/runs')).json()) as {
        running: { id: string }[]; // as the route tells
      };
      expect(running).toMatchObject([
        { outcome: 'running', front: { host: hostname() }, worker: { host: hostname() } },
      ]);
      return running[0] as (typeof running)[0];
    },
    { timeout: 20_000, interval: 100 },
  );
  const page = await (await other.send('/dashboard/now')).text();
  expect(page).toContain(`data-delete="/api/admin/runs/${id}"`);
  expect(page).toContain('Front, worker');
  expect(await end(other, `/api/admin/runs/${id}`)).toBe(200);
  expect((await asking).status).toBe(499);
  expect(await end(other, `/api/admin/runs/${id}`)).toBe(404);
});

test('a killed front: its run is interrupted and told once, the one that waited goes on at another', async () => {
  const lost = await cluster.addFront('lost');
  await untilReady(lost);
  cluster.model.answer = () => heldReply('I begin to work.', NEVER);
  const url = `http://127.0.0.1:${web.port}/`;
  const webhook = { url, secret: `whsec_${Buffer.alloc(32, 'k').toString('base64')}` };
  const begun = await startRun(lost, { webhook });
  await begun.until('part-delta');
  const queued = await startRun(lost); // the only place is taken
  cluster.model.answer = demoAnswer;
  const following = followRun(other, queued.id);
  lost.signal('SIGKILL');
  await vi.waitFor(
    async () => expect(await read(other, begun.id)).toMatchObject({ state: 'interrupted' }),
    { timeout: 30_000, interval: 200 },
  );
  await following.until('run-end');
  expect(await read(front, queued.id)).toMatchObject({ state: 'done' });
  const resumed = await other.send(`/api/runs/${begun.id}/resume`, {});
  expect(resumed.status).toBe(202);
  const { id } = (await resumed.json()) as { id: string };
  await followRun(front, id).until('run-end');
  expect(await read(front, id)).toMatchObject({ state: 'done', resumedFrom: begun.id });
  // Of the resumed run the same webhook hears last.
  await vi.waitFor(() => expect(typesOf(id)).toContain('run.done'), { timeout: 30_000 });
  const interrupted = typesOf(begun.id).filter((type) => type === 'run.interrupted');
  expect(interrupted).toHaveLength(1);
});

import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { startRun } from '../support/follow-run.ts';
import { type Cluster, type Member, nameOf, startCluster, untilReady } from './start-cluster.ts';

/** Sessions are forked, and their files put back, at any front, by the worker that has them. */

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({ fronts: ['front', 'other'] });
  [front, other] = cluster.fronts as [Member, Member];
  await untilReady(front);
  await untilReady(other);
});
afterAll(() => cluster.stop());

const toWorkspace = ({ folder }: Member) => join(folder, 'workspace');

const findWorker = (name: string) => {
  const worker = cluster.workers.find((one) => one.name === name);
  if (!worker) throw new Error(`There is no worker ${name}.`);
  return worker;
};

const ask = async (member: Member, path: string, body?: object) => {
  const response = await member.send(path, body);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const lastOfUser = ({ messages }: MessagesBody) =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user'));

test('files are put back at the other front, and stay where they are allowed', async () => {
  let holder = cluster.workers[0];
  cluster.model.answer = (body, request) => {
    if (lastOfUser(body).includes('tool_result')) return textReply('Done.');
    holder = findWorker(nameOf(request));
    const file_path = join(toWorkspace(holder), 'made.txt');
    return toolReply([{ name: 'Write', input: { file_path, content: 'one\ntwo\n' } }]);
  };
  const { until } = await startRun(front, {
    prompt: 'Write it.',
    permissionMode: 'dontAsk',
    allowedTools: ['Write'],
    checkpoints: true,
  });
  const { promptId, sessionId } = await until('run-start');
  await until('run-end');
  const workspace = await realpath(toWorkspace(holder as Member));
  const changes = { files: [join(workspace, 'made.txt')], insertions: 0, deletions: 2 };
  const session = `/api/sessions/${String(sessionId)}`;
  expect(await ask(other, `${session}/changes?since=${String(promptId)}`)).toEqual({
    status: 200,
    body: changes,
  });
  expect(await readdir(workspace)).toEqual(['made.txt']);
  expect(await ask(other, `${session}/rewind`, { since: promptId })).toEqual({
    status: 200,
    body: changes,
  });
  expect(await readdir(workspace)).toEqual([]);
  expect(
    await ask(other, `${session}/rewind`, { since: '00000000-0000-4000-8000-000000000000' }),
  ).toMatchObject({ status: 404, body: { error: { code: 'not-found', param: 'since' } } });
});

test('a fork knows what was said, and goes on where its source is', async () => {
  const heard: string[] = [];
  cluster.model.answer = ({ messages }, request) => {
    const text = JSON.stringify(messages);
    heard.push(nameOf(request));
    return textReply(['APPLE', 'PEAR', 'FIG'].filter((word) => text.includes(word)).join(' '));
  };
  const run = async (member: Member, prompt: string, sessionId?: unknown) =>
    (await ask(member, '/api/run', { model: 'sonnet', prompt, sessionId })).body;
  const { sessionId } = await run(front, 'APPLE');
  const fork = await ask(other, `/api/sessions/${String(sessionId)}/fork`, {});
  expect(fork).toMatchObject({ status: 200, body: { title: 'APPLE', turns: 1 } });
  const { id } = fork.body;
  expect(await run(other, 'PEAR', sessionId)).toMatchObject({ result: 'APPLE PEAR' });
  expect(await run(front, 'FIG', id)).toMatchObject({ result: 'APPLE FIG', sessionId: id });
  expect(new Set(heard).size).toBe(1);
});

test('while the worker of a session is away, nothing is done with it', async () => {
  let holder = '';
  cluster.model.answer = (_body, request) => {
    holder = nameOf(request);
    return textReply('Hello.');
  };
  const { body } = await ask(front, '/api/run', { model: 'sonnet', prompt: 'Hi' });
  const worker = findWorker(holder);
  worker.signal('SIGTERM');
  await worker.exited;
  const fork = await other.send(`/api/sessions/${String(body['sessionId'])}/fork`, {});
  expect(fork.status).toBe(503);
  expect(fork.headers.get('retry-after')).toBe('5');
  const listed = await ask(other, '/api/sessions');
  expect(JSON.stringify(listed.body).split(String(body['sessionId']))).toHaveLength(2);
});

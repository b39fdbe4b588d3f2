import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { heldReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { startRun } from '../support/follow-run.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

let proxy: Proxy;

type Stored = { state: string; answer: Record<string, unknown> | null };

const NEVER = new Promise<void>(() => undefined);

const bash = (command: string) =>
  toolReply([{ name: 'Bash', input: { command, description: 'work' } }]);

const all = (body: MessagesBody | undefined) => JSON.stringify(body?.messages ?? []);

const read = async (id: string) => (await proxy.send(`/api/runs/${id}`)).json() as Promise<Stored>; // what it holds is looked at below

const post = async (path: string, body: object) => {
  const response = await proxy.send(path, body);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const remove = async (path: string) =>
  (await proxy.send(path, undefined, { method: 'DELETE' })).status;

test('a message on the way is read at the next step, and one that was taken back is not', async () => {
  proxy = await shareProxy({
    answer: (body) =>
      all(body).includes('tool_result')
        ? textReply(['ONE', 'TWO'].filter((word) => all(body).includes(word)).join(' and '))
        : bash('touch made'),
  });
  const { id, until } = await startRun(proxy);
  const approval = await until('approval-request');
  const one = await post(`/api/runs/${id}/messages`, { text: 'ONE @/etc/passwd' });
  const two = await post(`/api/runs/${id}/messages`, { text: 'TWO' });
  expect(one).toMatchObject({ status: 202, body: { state: 'queued' } });
  expect(await until('user-message')).toMatchObject({ id: one.body['id'], state: 'queued' });
  expect(await until('user-message')).toMatchObject({ id: two.body['id'], state: 'queued' });
  expect(await remove(`/api/runs/${id}/messages/${String(two.body['id'])}`)).toBe(200);
  expect(await until('user-message')).toMatchObject({ text: 'TWO', state: 'taken-back' });
  expect(await remove(`/api/runs/${id}/messages/unknown`)).toBe(404);

  await post(`/api/runs/${id}/approvals/${approval.id}`, { decision: 'allow' });
  expect(await until('user-message')).toMatchObject({ id: one.body['id'], state: 'read' });
  await until('run-end');
  expect(await read(id)).toMatchObject({ state: 'done', answer: { result: 'ONE' } });
  expect(all(proxy.model.requests.at(-1)?.body)).not.toContain('root:x');
  expect((await post(`/api/runs/${id}/messages`, { text: 'Late.' })).status).toBe(409);
});

test('an interrupted run is done with what there is, and its session goes on', async () => {
  proxy = await shareProxy({ answer: () => heldReply('This is going to take long.', NEVER) });
  const { id, until } = await startRun(proxy);
  await until('part-delta');
  expect(await post(`/api/runs/${id}/interrupt`, {})).toMatchObject({
    status: 200,
    body: { interrupted: true },
  });
  await until('part-end');
  expect(await until('run-end')).toMatchObject({ finish: 'interrupted' });
  const { state, answer } = await read(id);
  expect({ state, reason: answer?.['stopReason'] }).toEqual({
    state: 'done',
    reason: 'interrupted',
  });

  proxy.model.answer = () => textReply('Here I am.');
  const sessionId = answer?.['sessionId'];
  expect(await post('/api/run', { model: 'sonnet', prompt: 'Go on.', sessionId })).toMatchObject({
    status: 200,
    body: { result: 'Here I am.' },
  });
});

test('an interrupted run goes on with the message that waits', async () => {
  proxy = await shareProxy({
    answer: (body) =>
      all(body).includes('INSTEAD')
        ? textReply('I do that.')
        : heldReply('This is going to take long.', NEVER),
  });
  const { id, until } = await startRun(proxy);
  await until('part-delta');
  await post(`/api/runs/${id}/messages`, { text: 'INSTEAD' });
  await until('user-message');
  await post(`/api/runs/${id}/interrupt`, {});
  expect(await until('run-end')).toMatchObject({ finish: 'stop', agent: { result: 'I do that.' } });
});

test('mode and model change on the way, as far as the key allows', async () => {
  proxy = await shareProxy({
    answer: (body) => {
      const results = all(body).split('"tool_result"').length - 1;
      return [bash('touch one'), bash('touch two')][results] ?? textReply(`I am ${body.model}.`);
    },
  });
  const { id, until } = await startRun(proxy);
  const approval = await until('approval-request');
  const change = (body: object) =>
    proxy.send(`/api/runs/${id}`, undefined, { method: 'PATCH', body: JSON.stringify(body) });
  expect((await change({ permissionMode: 'bypassPermissions' })).status).toBe(400);
  expect((await change({ permissionMode: 'acceptEdits', model: 'opus' })).status).toBe(200);
  await post(`/api/runs/${id}/approvals/${approval.id}`, { decision: 'allow' });
  await until('run-end');
  expect((await read(id)).answer?.['result']).toMatch(/^I am claude-opus/);
  expect((await readdir(join(proxy.folder, 'workspace'))).toSorted()).toEqual(['one', 'two']);
});

test('a question beside the conversation is answered while the agent works, and is paid by the run', async () => {
  proxy = await shareProxy({
    answer: (body) => {
      if (all(body).includes('HOW FAR')) return textReply('Half way.');
      return all(body).includes('tool_result') ? textReply('Done.') : bash('touch made');
    },
  });
  const { id, until } = await startRun(proxy);
  const approval = await until('approval-request');
  expect(await post(`/api/runs/${id}/ask`, { question: 'HOW FAR are you?' })).toEqual({
    status: 200,
    body: { answer: 'Half way.' },
  });
  await post(`/api/runs/${id}/approvals/${approval.id}`, { decision: 'allow' });
  expect(await until('run-end')).toMatchObject({
    usage: { input: 30 },
    agent: { result: 'Done.' },
  });
  expect(all(proxy.model.requests.at(-1)?.body)).not.toContain('HOW FAR');
});

test('a command in the background is listed, read and stopped, and the agent goes on', async () => {
  const input = { command: 'echo begun; sleep 300', description: 'serve', run_in_background: true };
  proxy = await shareProxy({
    answer: (body) => {
      if (all(body).includes('task-notification')) return textReply('It is stopped.');
      return all(body).includes('tool_result')
        ? textReply('I started it.')
        : toolReply([{ name: 'Bash', input }]);
    },
  });
  const { id, until } = await startRun(proxy, {
    permissionMode: 'dontAsk',
    allowedTools: ['Bash'],
  });
  const { task } = (await until('task')) as unknown as { task: { id: string } }; // a task's event
  const tasks = `/api/runs/${id}/tasks`;
  const list = async () => (await proxy.send(tasks)).json();
  expect(await list()).toEqual({
    tasks: [{ id: task.id, kind: 'command', description: 'serve', status: 'running' }],
  });
  await vi.waitFor(async () => {
    const output = await proxy.send(`${tasks}/${task.id}/output`);
    expect(await output.json()).toMatchObject({ output: expect.stringContaining('begun') });
  }, 10_000);
  expect((await proxy.send(`${tasks}/none/output`)).status).toBe(404);
  expect(await remove(`${tasks}/none`)).toBe(404);
  expect(await remove(`${tasks}/${task.id}`)).toBe(200);
  await until('run-end');
  expect(await list()).toMatchObject({ tasks: [{ id: task.id, status: 'stopped' }] });
  expect(await remove(`${tasks}/${task.id}`)).toBe(409);
});

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import type { Answer } from '../../src/demo/model-server.ts';
import { heldReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { startRun } from '../support/follow-run.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;

/** A proxy that no other test uses, until this one is over. */
async function startOwn(answer: Answer): Promise<Proxy> {
  const own = await startProxy({ answer });
  onTestFinished(() => proxy.stop()); // it may have been restarted
  return own;
}

type Told = { sessionId: string; costUsd: number; usage: object; result: string };

const all = ({ messages }: MessagesBody) => JSON.stringify(messages);

const lastOfUser = ({ messages }: MessagesBody) =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user'));

const inWorkspace = (name: string) => join(proxy.folder, 'workspace', name);

const ask = async (path: string, body?: object) => {
  const response = await proxy.send(path, body);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const NEVER = new Promise<void>(() => undefined);

/** Runs to the end; resolves with the id of its prompt. */
const runNoting = async (prompt: string, more: object = {}) => {
  const { id, until } = await startRun(proxy, {
    prompt,
    permissionMode: 'dontAsk',
    allowedTools: ['Write', 'Bash'],
    checkpoints: true,
    ...more,
  });
  const { promptId, sessionId } = await until('run-start');
  await until('run-end');
  return { runId: id, promptId: String(promptId), sessionId: String(sessionId) };
};

const run = async (prompt: string, sessionId?: string) => {
  const body = { model: 'sonnet', prompt, ...(sessionId && { sessionId }) };
  return (await ask('/api/run', body)).body as unknown as Told; // what it holds is looked at below
};

/** A model that writes, runs a command, or never comes to an end. */
const working: Answer = (body) => {
  const last = lastOfUser(body);
  if (last.includes('tool_result')) return textReply('Done.');
  if (last.includes('WRITE')) {
    const input = { file_path: inWorkspace('made.txt'), content: 'one\ntwo\n' };
    return toolReply([{ name: 'Write', input }]);
  }
  if (last.includes('BASH')) {
    const input = { command: 'echo by hand > bash.txt', description: 'write' };
    return toolReply([{ name: 'Bash', input }]);
  }
  return heldReply('This takes long.', NEVER);
};

describe('the files of a session', () => {
  test('are put back as they were when a message was sent, over a restart too', async () => {
    proxy = await startOwn(working);
    const { promptId, sessionId } = await runNoting('BASH it');
    const written = await runNoting('WRITE it', { sessionId });
    const session = `/api/sessions/${sessionId}`;
    const since = `${session}/changes?since=${promptId}`;
    const made = inWorkspace('made.txt');
    const changes = { files: [made], insertions: 0, deletions: 2 };
    expect(await ask(since)).toEqual({ status: 200, body: changes });
    const messages = (await ask(`${session}/messages`)).body['messages'];
    expect(messages).toMatchObject([
      { id: promptId },
      {},
      {},
      {},
      { id: written.promptId },
      {},
      {},
      {},
    ]);

    await writeFile(made, 'three\n');
    proxy = await proxy.restart();
    expect(await ask(`${session}/rewind`, { since: written.promptId })).toMatchObject({
      status: 200,
      body: { files: [made] },
    });
    expect(await readdir(join(proxy.folder, 'workspace'))).toEqual(['bash.txt']);
    expect((await ask(since)).body).toEqual({ files: [], insertions: 0, deletions: 0 });

    const deleted = await proxy.send(session, undefined, { method: 'DELETE' });
    expect(deleted.status).toBe(200);
    expect(await readdir(join(proxy.folder, 'home/.claude/file-history')).catch(() => [])).toEqual(
      [],
    );
  });

  test('stay while a run is on it, and where nothing was noted', async () => {
    proxy = await shareProxy({ answer: working });
    const { promptId, sessionId } = await runNoting('WRITE it', { checkpoints: undefined });
    expect(promptId).toBe('undefined');
    const since = '00000000-0000-4000-8000-000000000000';
    const session = `/api/sessions/${sessionId}`;
    expect(await ask(`${session}/rewind`, { since })).toMatchObject({
      status: 404,
      body: { error: { code: 'not-found', param: 'since' } },
    });
    expect((await ask(`${session}/changes`)).status).toBe(400);
    expect((await ask(`/api/sessions/${since}/changes?since=${since}`)).status).toBe(404);

    const { id, until } = await startRun(proxy, { prompt: 'WAIT', sessionId });
    await until('part-delta');
    for (const path of ['rewind', 'fork']) {
      expect(await ask(`${session}/${path}`, { since })).toMatchObject({ status: 409 });
    }
    await proxy.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
    expect(await readFile(inWorkspace('made.txt'), 'utf8')).toBe('one\ntwo\n');
  });
});

describe('a fork', () => {
  test('knows what was said, goes its own way, and is charged for nothing before', async () => {
    proxy = await startOwn((body) =>
      textReply(['APPLE', 'PEAR', 'FIG'].filter((word) => all(body).includes(word)).join(' ')),
    );
    const first = await run('APPLE');
    const before = proxy.model.requests.length;
    const { status, body: fork } = await ask(`/api/sessions/${first.sessionId}/fork`, {});
    expect(status).toBe(200);
    expect(fork).toMatchObject({ title: 'APPLE', turns: 1, model: 'claude-sonnet-5-5' });
    expect(proxy.model.requests).toHaveLength(before);
    const id = String(fork['id']);
    const messagesOf = async (sessionId: string) =>
      (await ask(`/api/sessions/${sessionId}/messages`)).body;
    expect(await messagesOf(id)).toEqual(await messagesOf(first.sessionId));

    const own = await run('PEAR', first.sessionId);
    const forked = await run('FIG', id);
    expect([own.result, forked.result]).toEqual(['APPLE PEAR', 'APPLE FIG']);
    expect(forked.sessionId).toBe(id);
    expect(forked.costUsd).toBe(own.costUsd);
    expect(forked.usage).toEqual(own.usage);
    await proxy.send(`/api/sessions/${first.sessionId}`, undefined, { method: 'DELETE' });
    expect((await run('FIG', id)).result).toBe('APPLE FIG');

    await rm(join(proxy.folder, 'home/.claude/projects'), { recursive: true });
    expect(await ask(`/api/sessions/${id}/fork`, {})).toMatchObject({ status: 404 });
    expect((await ask('/api/sessions')).body['sessions']).toHaveLength(1);
  });
});

import { describe, expect, test } from 'vitest';

import { AgentClientError, createAgentClient } from '../../src/index.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

type Reach = typeof fetch;

const ask: Reach = async (url, init) => app.request(toText(url), init);

const toText = (url: Parameters<Reach>[0]) => (url instanceof Request ? url.url : url.toString());

const app = createTestApp();

const toClient = (reach = ask) => createAgentClient('http://app/', APP_KEY, reach);

/** A connection that breaks behind so many events, in the middle of the next one. */
const breaking = (events: number): Reach => {
  let isFirst = true;
  return async (url, init) => {
    const response = await ask(url, init);
    if (!toText(url).includes('/events') || !isFirst) return response;
    isFirst = false;
    const lines = (await response.text()).split('\n');
    const half = [...lines.slice(0, events), lines[events]?.slice(0, 5)].join('\n');
    return new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(half));
        },
        pull(controller) {
          controller.error(new Error('The connection broke.'));
        },
      }),
    );
  };
};

test('a task is run, and stands in the list', async () => {
  const client = toClient();
  const { id, result } = await client.run({ prompt: 'Hi' });
  expect(result).toBe('Hello.');
  expect(await client.get(id)).toMatchObject({ id, state: 'done', answer: { result } });
  expect(await client.list({ limit: 1 })).toMatchObject({ runs: [{ id }] });
  await client.forget(id);
  await expect(client.get(id)).rejects.toMatchObject({ status: 404, code: 'not-found' });
});

test('a session is forked, and its files go back', async () => {
  const asked: unknown[] = [];
  const note = async (...args: unknown[]) => {
    asked.push(args.slice(0, 3));
    return { files: ['/srv/a'], insertions: 1, deletions: 0 };
  };
  const session = {
    id: '4a9d3a0c-7a53-4b7e-8b0c-0a9f5f4d7e11',
    workingDirectory: '/work',
    model: 'claude-sonnet-5-5',
    createdAt: 0,
    lastUsedAt: 0,
    turns: 1,
    title: 'Hi',
  };
  const idleSessions = { readChanges: note, rewind: note, fork: () => Promise.resolve(session) };
  const own = createTestApp({ idleSessions });
  const client = toClient(async (url, init) => own.request(toText(url), init));
  const since = 'b3c1b7de-1d3f-4a52-9f3a-3a0a6a1c2d4e';
  expect(await client.fork('one')).toMatchObject({ id: session.id, turns: 1 });
  expect(await client.changes('one', since)).toMatchObject({ files: ['/srv/a'] });
  expect(await client.rewind('one', since)).toMatchObject({ insertions: 1 });
  expect(asked).toEqual([
    ['one', 'default', since],
    ['one', 'default', since],
  ]);
});

const TYPES = ['run-start', 'part-start', 'part-delta', 'part-end', 'run-end'];

describe('the events of a run', () => {
  test.each([0, 1, 3, 4])('come once each when the connection breaks behind %i', async (events) => {
    const client = toClient(breaking(events));
    const { id } = await client.start({ prompt: 'Hi' });
    const seen = await Array.fromAsync(client.events(id), ({ type }) => type);
    expect(seen).toEqual(TYPES);
  });

  test('go on behind the last one that is known', async () => {
    const client = toClient();
    const { id } = await client.start({ prompt: 'Hi' });
    expect(await Array.fromAsync(client.events(id, { after: 3 }), ({ type }) => type)).toEqual(
      TYPES.slice(3),
    );
  });

  test('of no run are an error', async () => {
    await expect(Array.fromAsync(toClient().events('req_none'))).rejects.toMatchObject({
      status: 404,
    });
  });
});

test('what the server refuses is an error with its words', async () => {
  const error = await toClient()
    .run({ prompt: ' ' })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AgentClientError);
  expect(error).toMatchObject({
    status: 400,
    code: 'invalid-request',
    param: 'prompt',
    requestId: expect.stringMatching(/^req_/),
  });
});

test('a run that has ended takes nothing more', async () => {
  const client = toClient();
  const { id } = await client.run({ prompt: 'Hi' });
  const conflict = { status: 409, code: 'conflict' };
  await expect(client.send(id, 'More.')).rejects.toMatchObject(conflict);
  await expect(client.takeBack(id, 'none')).rejects.toMatchObject(conflict);
  await expect(client.interrupt(id)).rejects.toMatchObject(conflict);
  await expect(client.change(id, { model: 'opus' })).rejects.toMatchObject(conflict);
  await expect(client.ask(id, 'How far?')).rejects.toMatchObject(conflict);
  await expect(client.readTask(id, 'none')).rejects.toMatchObject(conflict);
  await expect(client.stopTask(id, 'none')).rejects.toMatchObject(conflict);
  expect(await client.tasks(id)).toEqual([]);
  await expect(client.resume(id)).rejects.toMatchObject(conflict);
  await expect(client.answer(id, 'none', { decision: 'allow' })).rejects.toMatchObject({
    status: 404,
  });
  await expect(client.giveResult(id, { id: 'none', content: '' })).rejects.toMatchObject({
    status: 404,
  });
  expect(await client.approvals()).toEqual([]);
  expect(await client.cancel(id)).toMatchObject({ state: 'done' });
});

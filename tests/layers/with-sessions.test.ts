import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Run, RunEvent, RunRequest } from '../../src/run.ts';
import { toAnswerEvents } from '../../src/run-answer.ts';
import { createSessionsInMemory } from '../support/stores-in-memory.ts';
import { createSessions } from '../../src/sessions/session-book.ts';
import type { Sessions } from '../../src/sessions/session-book.ts';
import type { SessionStore } from '../../src/sessions/session-store.ts';
import { createSqliteStore } from '../../src/sessions/sqlite-store.ts';
import { withSessions } from '../../src/layers/with-sessions.ts';
import {
  createRecordingRun,
  readAll,
  RUN_END,
  RUN_START,
  settle,
  toAgentRequest,
  toModelRequest,
} from '../sessions/agent-request.ts';

const toSessions = (store: SessionStore): Sessions =>
  createSessions({
    store,
    ttlMs: 60_000,
    maxPerKey: 10,
    removeTranscript: async () => {},
    readTranscript: () => Promise.resolve({ messages: [], hasMore: false }),
  });

const { signal } = new AbortController();
const newRequest = toAgentRequest({ workingDirectory: '/work' });
let sessions: Sessions;

beforeEach(() => {
  sessions = toSessions(createSessionsInMemory());
});

const runAll = (run: Run, request: RunRequest): Promise<RunEvent[]> =>
  readAll(toAnswerEvents(withSessions(run, sessions)(request, signal)));

/** Runs a first turn and returns the id that its caller was told. */
const createSession = async (request = newRequest): Promise<string> => {
  const [start] = await runAll(createRecordingRun().run, request);
  if (start?.type !== 'run-start') throw new Error('The run did not start.');
  return start.sessionId ?? 'none';
};

/** A run that gets this far and then fails. */
const toFailingRun = (events: readonly RunEvent[]): Run =>
  async function* fail() {
    yield* events;
    throw new Error('broken');
  };

const toNextRequest = (id: string, more: Parameters<typeof toAgentRequest>[0] = {}): RunRequest =>
  toAgentRequest({ session: { id, isNew: false }, ...more });

describe('without an agent', () => {
  test('a request passes untouched and leaves no session', async () => {
    const { run, requests } = createRecordingRun();
    const request = toModelRequest();
    expect(await runAll(run, request)).toEqual([RUN_START, RUN_END]);
    expect(requests[0]).toBe(request);
    expect(await sessions.count()).toBe(0);
  });
});

describe('a new session', () => {
  test('gets an id that the run and its caller are told, and a record', async () => {
    const { run, requests } = createRecordingRun();
    const events = await runAll(run, newRequest);
    const [session] = await sessions.list('key-a');
    expect(session).toMatchObject({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      workingDirectory: '/work',
      model: 'claude-sonnet-full-id',
      turns: 1,
      title: 'Hello',
    });
    expect(events).toEqual([{ ...RUN_START, sessionId: session?.id }, RUN_END]);
    expect(requests[0]?.agent).toMatchObject({
      session: { id: session?.id, isNew: true },
      workingDirectory: '/work',
    });
  });

  test('is not kept when its run fails before it starts', async () => {
    await expect(runAll(toFailingRun([]), newRequest)).rejects.toThrow('broken');
    expect(await sessions.count()).toBe(0);
  });

  test('is kept and counted when its run fails after it started', async () => {
    await expect(runAll(toFailingRun([RUN_START]), newRequest)).rejects.toThrow('broken');
    expect(await sessions.list('key-a')).toMatchObject([{ turns: 1 }]);
  });

  test('is kept, counted and free for the next run when the caller leaves midway', async () => {
    const { run } = createRecordingRun();
    for await (const _event of withSessions(run, sessions)(newRequest, signal)) break;
    const [session] = await sessions.list('key-a');
    expect(session).toMatchObject({ turns: 1 });
    expect(await runAll(run, toNextRequest(session?.id ?? ''))).toHaveLength(2);
  });

  test.each([
    { name: 'on one line', prompt: '  Fix\n\tthe   bug ', title: 'Fix the bug' },
    { name: 'whole up to 80 characters', prompt: 'x'.repeat(80), title: 'x'.repeat(80) },
    { name: 'cut after that', prompt: 'x'.repeat(81), title: `${'x'.repeat(79)}…` },
    { name: 'with whole emoji', prompt: '👩‍🚀'.repeat(81), title: `${'👩‍🚀'.repeat(79)}…` },
  ])('has its prompt as title: $name', async ({ prompt, title }) => {
    await createSession(toAgentRequest({ workingDirectory: '/work', prompt }));
    expect(await sessions.list('key-a')).toMatchObject([{ title }]);
  });
});

describe('a session that goes on', () => {
  test.each([
    { name: 'names no folder', more: {} },
    { name: 'names the folder in which it began', more: { workingDirectory: '/work' } },
  ])('runs where it began when it $name', async ({ more }) => {
    const id = await createSession();
    const { run, requests } = createRecordingRun();
    const [start] = await runAll(run, toNextRequest(id, more));
    expect(start).toEqual({ ...RUN_START, sessionId: id });
    expect(requests[0]?.agent).toMatchObject({
      session: { id, isNew: false },
      workingDirectory: '/work',
    });
    expect(await sessions.list('key-a')).toMatchObject([{ id, turns: 2, title: 'Hello' }]);
  });

  test.each([
    { name: 'unknown', keyId: 'key-a', toId: () => 'unknown' },
    { name: "another key's", keyId: 'key-b', toId: (id: string) => id },
  ])('gets not-found and no run when it is $name', async ({ keyId, toId }) => {
    const id = await createSession();
    const { run, requests } = createRecordingRun();
    await expect(runAll(run, toNextRequest(toId(id), { keyId }))).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(requests).toEqual([]);
  });

  test('gets invalid-request and no run in another folder', async () => {
    const id = await createSession();
    const { run, requests } = createRecordingRun();
    await expect(
      runAll(run, toNextRequest(id, { workingDirectory: '/elsewhere' })),
    ).rejects.toMatchObject({ code: 'invalid-request', param: 'workingDirectory' });
    expect(requests).toEqual([]);
  });

  test('survives a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const open = (): SessionStore =>
      createSqliteStore({
        file: join(folder, 'sessions.sqlite'),
        onSetAside: ({ cause }) => {
          throw cause;
        },
      });
    const before = open();
    sessions = toSessions(before);
    const id = await createSession();
    await before.close();

    const after = open();
    sessions = toSessions(after);
    const { run, requests } = createRecordingRun();
    await runAll(run, toNextRequest(id));
    expect(requests[0]?.agent).toMatchObject({ session: { id, isNew: false } });
    expect(await sessions.list('key-a')).toMatchObject([{ id, turns: 2 }]);
    await after.close();
  });
});

/** A run that says when it comes and goes, and stays until it is let go. */
const createSlowRun = () => {
  const log: string[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const run: Run = async function* () {
    const index = count;
    count += 1;
    log.push(`run ${index} comes`);
    yield RUN_START;
    await gates[index]?.promise;
    log.push(`run ${index} goes`);
    yield RUN_END;
  };
  return { run, log, letGo: (index: number) => gates[index]?.resolve() };
};

describe('two runs on one session', () => {
  test('do not overlap: the second waits', async () => {
    const id = await createSession();
    const { run, log, letGo } = createSlowRun();
    const both = Promise.all([runAll(run, toNextRequest(id)), runAll(run, toNextRequest(id))]);
    letGo(1);
    await settle();
    expect(log).toEqual(['run 0 comes']);
    letGo(0);
    await both;
    expect(log).toEqual(['run 0 comes', 'run 0 goes', 'run 1 comes', 'run 1 goes']);
    expect(await sessions.list('key-a')).toMatchObject([{ turns: 3 }]);
  });

  test('wait for a first turn too, and not for other sessions', async () => {
    const other = await createSession();
    const { run, log, letGo } = createSlowRun();
    const first = runAll(run, newRequest);
    await settle();
    const [session] = await sessions.list('key-a');
    const second = runAll(run, toNextRequest(session?.id ?? ''));
    await runAll(createRecordingRun().run, toNextRequest(other));
    letGo(1);
    await settle();
    expect(log).toEqual(['run 0 comes']);
    letGo(0);
    await Promise.all([first, second]);
    expect(log.at(-1)).toBe('run 1 goes');
  });

  test('a caller who leaves while waiting starts nothing', async () => {
    const id = await createSession();
    const { run, log, letGo } = createSlowRun();
    const caller = new AbortController();
    const first = runAll(run, toNextRequest(id));
    await settle();
    const second = readAll(withSessions(run, sessions)(toNextRequest(id), caller.signal));
    await settle();
    caller.abort('left');
    await expect(second).rejects.toBe('left');
    letGo(0);
    await first;
    expect(log).toEqual(['run 0 comes', 'run 0 goes']);
  });
});

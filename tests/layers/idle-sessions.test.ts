import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { NO_SESSION_WORK, type SessionWork } from '../../src/backend.ts';
import { createGate } from '../../src/layers/gate.ts';
import { createIdleSessions } from '../../src/layers/idle-sessions/idle-sessions.ts';
import { sessionWorkInFolders } from '../../src/layers/idle-sessions/session-work-in-folders.ts';
import { sessionWorkWithTags } from '../../src/layers/with-tags.ts';
import { createSessionsInMemory } from '../support/stores-in-memory.ts';
import { createSessions, type Sessions } from '../../src/sessions/session-book.ts';

const { signal } = new AbortController();
const removeTranscript = vi.fn<(id: string) => Promise<void>>();
const rewindFiles = vi.fn<SessionWork['rewindFiles']>();
const fork = vi.fn<SessionWork['fork']>();
const gate = createGate({ concurrency: 1, maxQueueSize: 0, queueTimeoutMs: 1000 });

let root: string;
let sessions: Sessions;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'roots-')));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'work'));
  removeTranscript.mockReset().mockResolvedValue();
  rewindFiles.mockReset();
  fork.mockReset().mockResolvedValue();
  sessions = createSessions({
    store: createSessionsInMemory(),
    ttlMs: 60_000,
    maxPerKey: 2,
    removeTranscript,
    readTranscript: () => Promise.resolve({ messages: [], hasMore: false }),
  });
});

const toIdle = (allowedRoot = root) =>
  createIdleSessions({
    sessions,
    work: sessionWorkInFolders(
      { rewindFiles, fork },
      { defaultFolder: root, allowedRoots: [allowedRoot], stateFolder: '/nowhere' },
    ),
    gate,
  });

const begin = async () => {
  const workingDirectory = join(root, 'work');
  const id = crypto.randomUUID();
  const turn = await sessions.begin({ id, keyId: 'key-a', workingDirectory, title: 'Hi' });
  await turn.started('full-id');
  await turn.end();
  return id;
};

const changed = (file: string) => ({ files: [file], insertions: 1, deletions: 0 });

test('a file where agents may not work any more is not put back', async () => {
  const id = await begin();
  rewindFiles.mockResolvedValue(changed('/etc/made'));
  await expect(toIdle().rewind(id, 'key-a', 'since', signal)).rejects.toMatchObject({
    code: 'forbidden',
  });
  expect(rewindFiles.mock.calls.map(([, { isDryRun }]) => isDryRun)).toEqual([true]);

  rewindFiles.mockResolvedValue(changed(join(root, 'work/made')));
  await toIdle().rewind(id, 'key-a', 'since', signal);
  expect(rewindFiles.mock.calls.map(([, { isDryRun }]) => isDryRun)).toEqual([true, true, false]);
});

test('nothing is done in a folder that is not allowed any more, or for another key', async () => {
  const id = await begin();
  const { readChanges, rewind, fork: forkOf } = toIdle(join(root, 'other'));
  await expect(readChanges(id, 'key-a', 'since', signal)).rejects.toMatchObject({
    code: 'forbidden',
  });
  await expect(rewind(id, 'key-a', 'since', signal)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(forkOf(id, 'key-a', signal)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(toIdle().fork(id, 'key-b', signal)).rejects.toMatchObject({ code: 'not-found' });
  expect(rewindFiles).not.toHaveBeenCalled();
  expect(fork).not.toHaveBeenCalled();
});

test('a fork that fails leaves nothing, and its place to others', async () => {
  const id = await begin();
  fork.mockRejectedValueOnce(new Error('broken'));
  await expect(toIdle().fork(id, 'key-a', signal)).rejects.toThrow('broken');
  expect(removeTranscript).toHaveBeenCalledWith(fork.mock.calls[0]?.[1]);
  expect(await sessions.list('key-a')).toHaveLength(1);

  const { id: forkId } = await toIdle().fork(id, 'key-a', signal);
  expect((await sessions.list('key-a')).map((session) => session.id)).toEqual([forkId, id]);
});

test('a fork beyond the bound takes the place of the one idle longest, never of its source', async () => {
  const source = await begin();
  const other = await begin();
  const { id } = await toIdle().fork(source, 'key-a', signal);
  expect((await sessions.list('key-a')).map((session) => session.id).toSorted()).toEqual(
    [source, id].toSorted(),
  );
  expect(removeTranscript).toHaveBeenCalledWith(other);
});

test('a back end that keeps no sessions says so', async () => {
  const id = await begin();
  const idle = createIdleSessions({
    sessions,
    work: NO_SESSION_WORK,
    gate,
  });
  await expect(idle.fork(id, 'key-a', signal)).rejects.toMatchObject({ code: 'conflict' });
});

const readMore = () => Promise.resolve(['account:ana@example.com']);

test('a key whose tags this server lacks has nothing done with its sessions', async () => {
  const id = await begin();
  const work = sessionWorkWithTags({ rewindFiles, fork }, { tags: ['gpu'], readMore });
  const toIdleOf = (...tags: string[]) =>
    createIdleSessions({ sessions, work, gate, readTags: () => Promise.resolve(tags) });
  const refusal = { code: 'invalid-request', param: 'tags' };
  const lacking = toIdleOf('gpu', 'eu');
  await expect(lacking.readChanges(id, 'key-a', 'since', signal)).rejects.toMatchObject(refusal);
  await expect(lacking.rewind(id, 'key-a', 'since', signal)).rejects.toMatchObject(refusal);
  await expect(lacking.fork(id, 'key-a', signal)).rejects.toMatchObject(refusal);
  expect(rewindFiles).not.toHaveBeenCalled();
  expect(fork).not.toHaveBeenCalled();

  await toIdleOf('gpu', 'account:ana@example.com').fork(id, 'key-a', signal);
  expect(fork).toHaveBeenCalledOnce();
});

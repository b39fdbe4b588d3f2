import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createSessionsInMemory } from '../support/stores-in-memory.ts';
import { createSessions, type Sessions } from '../../src/sessions/session-book.ts';
import type { SessionLocks } from '../../src/sessions/session-locks.ts';
import { createSharedLocks } from '../../src/sessions/shared-locks.ts';
import type { Session, SessionStore } from '../../src/sessions/session-store.ts';
import { createPatientWrites } from '../../src/state/patient-writes.ts';
import type { SessionTurn } from '../../src/sessions/session-turn.ts';

const TTL_MS = 1_000;
const NOT_FOUND = { code: 'not-found', message: 'There is no session with this id.' };

let time: number;
let store: SessionStore;
let sessions: Sessions;
const removeTranscript = vi.fn<(id: string) => Promise<void>>();
const PAGE = { messages: [], hasMore: true };
const readTranscript = vi.fn<(session: Session, limit: number) => Promise<typeof PAGE>>();
const onProblem = vi.fn<(error: unknown) => void>();
const { signal } = new AbortController();

const toSessions = (maxPerKey: number, locks?: SessionLocks): Sessions =>
  createSessions({
    store,
    ...(locks && { locks }),
    ttlMs: TTL_MS,
    maxPerKey,
    removeTranscript,
    readTranscript,
    onProblem,
    now: () => time,
  });

beforeEach(() => {
  time = 5_000;
  store = createSessionsInMemory();
  removeTranscript.mockReset().mockResolvedValue();
  readTranscript.mockReset().mockResolvedValue(PAGE);
  onProblem.mockReset();
  sessions = toSessions(2);
});

const begin = async (keyId = 'key-a', book = sessions): Promise<SessionTurn> => {
  const turn = await book.begin({
    id: randomUUID(),
    keyId,
    workingDirectory: '/work',
    title: 'Hello',
  });
  await turn.started('full-id');
  return turn;
};

/** A session that had one run and rests; each is used one millisecond after the one before. */
const createIdle = async (keyId?: string): Promise<string> => {
  const turn = await begin(keyId);
  time += 1;
  await turn.end();
  return turn.id;
};

const resume = async (id: string, keyId = 'key-a'): Promise<SessionTurn> =>
  sessions.resume(await sessions.get(id, keyId), signal);

const idsOf = async (keyId = 'key-a'): Promise<string[]> =>
  (await sessions.list(keyId)).map(({ id }) => id);

describe('the record', () => {
  test('stands there from the start of the run, and counts the turn at its end', async () => {
    const turn = await begin();
    const record = {
      id: turn.id,
      keyId: 'key-a',
      workingDirectory: '/work',
      model: 'full-id',
      createdAt: 5_000,
      lastUsedAt: 5_000,
      turns: 0,
      title: 'Hello',
    };
    expect(await sessions.get(turn.id, 'key-a')).toEqual(record);
    time = 5_700;
    await turn.end();
    expect(await sessions.get(turn.id, 'key-a')).toEqual({
      ...record,
      lastUsedAt: 5_700,
      turns: 1,
    });
  });

  test('goes on with the next turn and names the model that answers now', async () => {
    const id = await createIdle();
    const turn = await resume(id);
    await turn.started('other-full-id');
    time = 5_800;
    await turn.end();
    expect(await sessions.get(id, 'key-a')).toMatchObject({
      model: 'other-full-id',
      createdAt: 5_000,
      lastUsedAt: 5_800,
      turns: 2,
    });
  });

  test('counts a turn whose store was away at its end, and is locked until then', async () => {
    const write = vi.fn<SessionStore['write']>(store.write);
    const writes = createPatientWrites({ patienceMs: 60_000, onProblem });
    const book = createSessions({
      store: { ...store, write },
      writes,
      ttlMs: TTL_MS,
      maxPerKey: 2,
      removeTranscript,
      readTranscript,
      now: () => time,
    });
    const turn = await begin('key-a', book);
    write.mockRejectedValueOnce(new Error('The store is away.'));
    await turn.end();
    expect(await book.get(turn.id, 'key-a')).toMatchObject({ turns: 0 });
    const idle = () => book.useIdle(turn.id, 'key-a', async ({ turns }) => turns);
    await expect(idle()).rejects.toMatchObject({ code: 'conflict' });
    await writes.close();
    expect(await idle()).toBe(1);
    expect(onProblem).not.toHaveBeenCalled();
  });

  test('of a fork that fails leaves nothing, at the latest when the store is back, and is locked until then', async () => {
    const source = await createIdle();
    const list = vi.fn<SessionStore['list']>(store.list);
    const remove = vi.fn<SessionStore['remove']>(store.remove);
    const writes = createPatientWrites({ patienceMs: 60_000, onProblem });
    const book = createSessions({
      store: { ...store, list, remove },
      writes,
      ttlMs: TTL_MS,
      maxPerKey: 2,
      removeTranscript,
      readTranscript,
      now: () => time,
    });
    list.mockRejectedValueOnce(new Error('The store is away.'));
    removeTranscript.mockRejectedValueOnce(new Error('So are the workers.'));
    const forking = book.fork(source, 'key-a', () => Promise.resolve());
    await expect(forking).rejects.toThrow('The store is away.');
    const [left = ''] = (await idsOf()).filter((id) => id !== source);
    const idle = () => book.useIdle(left, 'key-a', () => Promise.resolve());
    await expect(idle()).rejects.toMatchObject({ code: 'conflict' });
    await writes.close();
    expect(await idsOf()).toEqual([source]);
    expect(removeTranscript).toHaveBeenLastCalledWith(left);
    expect(onProblem).not.toHaveBeenCalled();
  });

  test('is not made by a run that never started, and no transcript is left', async () => {
    const turn = await sessions.begin({
      id: randomUUID(),
      keyId: 'key-a',
      workingDirectory: '/work',
      title: 'Hello',
    });
    await turn.end();
    await expect(sessions.get(turn.id, 'key-a')).rejects.toMatchObject(NOT_FOUND);
    expect(removeTranscript).toHaveBeenCalledExactlyOnceWith(turn.id);
  });

  test('is not changed by a further run that never started', async () => {
    const id = await createIdle();
    const before = await sessions.get(id, 'key-a');
    time += 5;
    await (await resume(id)).end();
    expect(await sessions.get(id, 'key-a')).toEqual(before);
    expect(removeTranscript).not.toHaveBeenCalled();
  });
});

test("what was said in a session is its owner's to read", async () => {
  const id = await createIdle();
  expect(await sessions.read(id, 'key-a', 10)).toBe(PAGE);
  expect(readTranscript).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id }), 10);
});

describe('ownership', () => {
  test("another key's session and none at all get the same answer", async () => {
    const id = await createIdle('key-b');
    await expect(sessions.get(id, 'key-a')).rejects.toMatchObject(NOT_FOUND);
    await expect(sessions.get('nothing', 'key-a')).rejects.toMatchObject(NOT_FOUND);
    await expect(sessions.read(id, 'key-a', 10)).rejects.toMatchObject(NOT_FOUND);
    expect(readTranscript).not.toHaveBeenCalled();
    await expect(sessions.delete(id, 'key-a')).rejects.toMatchObject(NOT_FOUND);
    await expect(sessions.delete('nothing', 'key-a')).rejects.toMatchObject(NOT_FOUND);
    expect(await idsOf('key-b')).toEqual([id]);
    expect(removeTranscript).not.toHaveBeenCalled();
  });

  test('each key lists its own, the last used first; all are counted', async () => {
    const first = await createIdle();
    const second = await createIdle();
    const other = await createIdle('key-b');
    expect(await idsOf()).toEqual([second, first]);
    expect(await idsOf('key-b')).toEqual([other]);
    expect(await sessions.count()).toBe(3);
  });
});

describe('delete', () => {
  test('removes the session and its transcript', async () => {
    const id = await createIdle();
    await sessions.delete(id, 'key-a');
    await expect(sessions.get(id, 'key-a')).rejects.toMatchObject(NOT_FOUND);
    expect(removeTranscript).toHaveBeenCalledExactlyOnceWith(id);
  });

  test('waits until the run is over', async () => {
    const turn = await begin();
    const events: string[] = [];
    const deletion = sessions.delete(turn.id, 'key-a').then(() => events.push('deleted'));
    await turn.started('full-id');
    events.push('run ends');
    await turn.end();
    await deletion;
    expect(events).toEqual(['run ends', 'deleted']);
    expect(await sessions.count()).toBe(0);
  });

  test('is given up by a caller who leaves while it waits', async () => {
    const turn = await begin();
    const caller = new AbortController();
    const session = await sessions.get(turn.id, 'key-a');
    const deletion = sessions.delete(session.id, 'key-a', caller.signal);
    caller.abort('left');
    await expect(deletion).rejects.toBe('left');
    await turn.end();
    expect(await idsOf()).toEqual([turn.id]);
  });

  test('makes the runs that waited for the session find nothing', async () => {
    const turn = await begin();
    const deletion = sessions.delete(turn.id, 'key-a');
    const waiting = Promise.allSettled([resume(turn.id), resume(turn.id)]);
    await turn.end();
    await deletion;
    const refusal = { status: 'rejected', reason: NOT_FOUND };
    expect(await waiting).toMatchObject([refusal, refusal]);
  });

  test('that fails at the transcript leaves the session, to try again', async () => {
    const id = await createIdle();
    removeTranscript.mockRejectedValueOnce(new Error('no permission'));
    await expect(sessions.delete(id, 'key-a')).rejects.toThrow('no permission');
    await sessions.delete(id, 'key-a');
    expect(await idsOf()).toEqual([]);
  });
});

describe('lifetime', () => {
  test('a session is found until its time is over, and not after', async () => {
    const id = await createIdle();
    const { lastUsedAt } = await sessions.get(id, 'key-a');
    time = lastUsedAt + TTL_MS - 1;
    expect(await sessions.get(id, 'key-a')).toMatchObject({ id });
    time = lastUsedAt + TTL_MS;
    await expect(sessions.get(id, 'key-a')).rejects.toMatchObject(NOT_FOUND);
    expect(await idsOf()).toEqual([]);
    expect(await sessions.count()).toBe(0);
  });

  test('using a session makes it live longer', async () => {
    const id = await createIdle();
    time += TTL_MS - 1;
    const turn = await resume(id);
    await turn.started('full-id');
    await turn.end();
    time += TTL_MS - 1;
    expect(await idsOf()).toEqual([id]);
  });

  test('what is over is removed with its transcript, what is not stays', async () => {
    const over = await createIdle();
    time += TTL_MS - 1;
    const young = await createIdle('key-b');
    await sessions.removeExpired();
    expect(removeTranscript).toHaveBeenCalledExactlyOnceWith(over);
    expect(await store.count()).toBe(1);
    expect(await idsOf('key-b')).toEqual([young]);
  });

  test('thousands that are over are removed a few at a time', async () => {
    const book = toSessions(Infinity);
    for (let made = 0; made < 200; made += 1) await (await begin('key-a', book)).end();
    time += TTL_MS;
    let atOnce = 0;
    let most = 0;
    removeTranscript.mockImplementation(async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await nextTurn();
      atOnce -= 1;
    });
    await book.removeExpired();
    expect(removeTranscript).toHaveBeenCalledTimes(200);
    expect(most).toBeLessThanOrEqual(50);
  });

  test('a session with a run on it outlives its time', async () => {
    const turn = await begin();
    time += 10 * TTL_MS;
    await sessions.removeExpired();
    expect(await idsOf()).toEqual([turn.id]);
    expect(await sessions.count()).toBe(1);
    await turn.end();
    expect(await sessions.get(turn.id, 'key-a')).toMatchObject({ turns: 1 });
  });

  test('one transcript that cannot be removed is reported and keeps no other', async () => {
    const stuck = await createIdle();
    await createIdle();
    removeTranscript.mockImplementation(async (id) => {
      if (id === stuck) throw new Error('no permission');
    });
    time += TTL_MS;
    await sessions.removeExpired();
    expect(onProblem).toHaveBeenCalledExactlyOnceWith(new Error('no permission'));
    expect(await store.count()).toBe(1);
  });
});

describe('the cap per key', () => {
  test('the oldest session makes room, with its transcript', async () => {
    const first = await createIdle();
    const second = await createIdle();
    const third = await createIdle();
    expect(await idsOf()).toEqual([third, second]);
    expect(removeTranscript).toHaveBeenCalledExactlyOnceWith(first);
  });

  test('one with a run on it stays, and the next oldest makes room', async () => {
    const first = await createIdle();
    const second = await createIdle();
    await (await resume(first)).started('full-id');
    const third = await createIdle();
    expect(await idsOf()).toEqual([third, first]);
    expect(removeTranscript).toHaveBeenCalledExactlyOnceWith(second);
  });

  test("another key's sessions do not count", async () => {
    const ids = [await createIdle(), await createIdle()];
    await createIdle('key-b');
    expect((await idsOf()).toSorted()).toEqual(ids.toSorted());
  });

  test('when all are running the new one is made anyway, and room is made later', async () => {
    const turns = [await begin(), await begin(), await begin()];
    expect(await idsOf()).toHaveLength(3);
    await Promise.all(turns.map((turn) => turn.end()));
    const last = await createIdle();
    expect(await idsOf()).toHaveLength(2);
    expect(await idsOf()).toContain(last);
  });

  test('two that begin at once remove two, not more', async () => {
    sessions = toSessions(3);
    await createIdle();
    await createIdle();
    const youngest = await createIdle();
    const turns = await Promise.all([begin(), begin()]);
    expect((await idsOf()).toSorted()).toEqual([youngest, ...turns.map(({ id }) => id)].toSorted());
  });

  test('two that begin at once on two servers of a folder remove two, not more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'room-'));
    const toServer = () => toSessions(3, createSharedLocks({ folder, onProblem }));
    sessions = toServer();
    for (let count = 0; count < 3; count += 1) await createIdle();
    const held = Promise.withResolvers<void>();
    removeTranscript.mockReturnValueOnce(held.promise);
    const first = begin();
    await vi.waitFor(() => expect(removeTranscript).toHaveBeenCalledOnce(), 20_000);
    const second = begin('key-a', toServer());
    await vi.waitFor(async () => expect(await store.count()).toBe(5), 20_000);
    await nextTurn();
    held.resolve();
    await Promise.all([first, second]);
    expect(await idsOf()).toHaveLength(3);
    await rm(folder, { recursive: true });
  });

  test('going on with a session removes none, even beyond the cap', async () => {
    const turns = [await begin(), await begin(), await begin()];
    await Promise.all(turns.map((turn) => turn.end()));
    await (await resume(turns[0]?.id ?? '')).started('full-id');
    expect(await idsOf()).toHaveLength(3);
  });
});

test('a store that fails spoils no run; it is reported and the lock is freed', async () => {
  const id = await createIdle();
  const turn = await resume(id);
  vi.spyOn(store, 'write').mockRejectedValueOnce(new Error('disk full'));
  await turn.started('full-id');
  await turn.end();
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(new Error('disk full'));
  await expect(resume(id)).resolves.toMatchObject({ id });
});

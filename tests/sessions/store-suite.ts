import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session, SessionStore } from '../../src/sessions/session-store.ts';

/** A session with these fields; the others are of no importance. */
export function toSession(fields: Partial<Session>): Session {
  return {
    id: 'session-1',
    keyId: 'key-a',
    workingDirectory: '/work',
    model: 'claude-sonnet-full-id',
    createdAt: 1_790_000_000_000,
    lastUsedAt: 1_790_000_000_001,
    turns: 3,
    title: "It's a «title» with 🎈",
    ...fields,
  };
}

const idsOf = (sessions: readonly Session[]): string[] => sessions.map(({ id }) => id);

/** What every store does, whatever it keeps its sessions in. */
export function describeStore(createStore: () => SessionStore | Promise<SessionStore>): void {
  describe('a session store', () => {
    let store: SessionStore;

    beforeEach(async () => {
      store = await createStore();
    });

    afterEach(async () => {
      await store.close();
    });

    test('is empty at first', async () => {
      expect(await store.read('session-1')).toBeUndefined();
      expect(await store.list('key-a')).toEqual([]);
      expect(await store.count()).toBe(0);
    });

    test('gives back every field of what was written', async () => {
      await store.write(toSession({}));
      expect(await store.read('session-1')).toEqual(toSession({}));
    });

    test('replaces the session with the same id', async () => {
      await store.write(toSession({ turns: 1 }));
      await store.write(toSession({ turns: 2 }));
      expect(await store.read('session-1')).toEqual(toSession({ turns: 2 }));
      expect(await store.count()).toBe(1);
    });

    test('removes one session and no other; an unknown id does no harm', async () => {
      await store.write(toSession({ id: 'one' }));
      await store.write(toSession({ id: 'other' }));
      await store.remove('one');
      await store.remove('unknown');
      expect(await store.read('one')).toBeUndefined();
      expect(idsOf(await store.list('key-a'))).toEqual(['other']);
    });

    test('lists the sessions of one key, the last used first', async () => {
      await store.write(toSession({ id: 'middle', lastUsedAt: 20 }));
      await store.write(toSession({ id: 'old', lastUsedAt: 10 }));
      await store.write(toSession({ id: 'new', lastUsedAt: 30 }));
      await store.write(toSession({ id: 'not mine', keyId: 'key-b' }));
      expect(idsOf(await store.list('key-a'))).toEqual(['new', 'middle', 'old']);
    });

    test('lists the one written last first when both were used at the same time', async () => {
      await store.write(toSession({ id: 'one' }));
      await store.write(toSession({ id: 'other' }));
      await store.write(toSession({ id: 'one' }));
      expect(idsOf(await store.list('key-a'))).toEqual(['one', 'other']);
    });

    test('lists what was last used at a time or earlier, of all keys', async () => {
      await store.write(toSession({ id: 'earlier', lastUsedAt: 10, keyId: 'key-b' }));
      await store.write(toSession({ id: 'then', lastUsedAt: 20 }));
      await store.write(toSession({ id: 'later', lastUsedAt: 21 }));
      expect(idsOf(await store.listUnusedSince(20))).toEqual(['then', 'earlier']);
    });

    test('counts the sessions of all keys', async () => {
      await store.write(toSession({ id: 'one' }));
      await store.write(toSession({ id: 'other', keyId: 'key-b' }));
      expect(await store.count()).toBe(2);
    });

    test("takes text for text: a quote in an id finds nobody's session", async () => {
      await store.write(toSession({}));
      expect(await store.read("' OR '1'='1")).toBeUndefined();
      expect(await store.list("key-a' --")).toEqual([]);
    });
  });
}

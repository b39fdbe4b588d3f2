import { expect, test } from 'vitest';

import { hold } from '../../../../src/claude/chat/chat-process.ts';
import {
  createResumeAhead,
  type ResumeAheadParts,
} from '../../../../src/claude/chat/histories/resume-ahead.ts';
import type { ChatTurn } from '../../../../src/claude/chat/chat-turn.ts';
import { createHistoryPace } from '../../../../src/claude/chat/histories/history-pace.ts';
import type { RunRequest } from '../../../../src/run.ts';
import {
  createAbilities,
  createFakeChat,
  toChatRequest,
  toExchange,
  toTurn,
} from '../../chat-request.ts';

const NEVER = new AbortController().signal;

/** More than are replayed. */
const LONG = toExchange(...Array.from({ length: 201 }, (_, index) => `Message ${index}.`));

const toLong = (requestId: string, keyId = 'key-a', changes: Partial<RunRequest> = {}) =>
  toChatRequest({ messages: LONG, caller: { keyId, user: undefined, requestId }, ...changes });

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Writes down for which requests a process was begun. */
function create(changes: Partial<ResumeAheadParts> = {}) {
  const begun = new Map<string, ReturnType<typeof createFakeChat>>();
  const ahead = createResumeAhead({
    readAbilities: () => Promise.resolve(createAbilities()),
    async resume(turn: ChatTurn) {
      const fake = createFakeChat({ turn });
      for (const fingerprint of turn.fingerprints.slice(0, -1)) hold(fake.chat, fingerprint);
      begun.set(turn.request.caller.requestId, fake);
      return fake.chat;
    },
    pace: createHistoryPace(),
    kept: { has: () => false },
    suspended: { has: () => false },
    most: 2,
    hasRoom: () => true,
    ...changes,
  });
  return { ahead, begun, list: () => [...begun.keys()] };
}

test('the request that waits gets its own process, once', async () => {
  const { ahead, begun } = create();
  ahead.expect(toLong('one'));
  await settle();

  expect(ahead.ready()).toBe(1);
  expect(await ahead.take(toTurn(toLong('other')), NEVER)).toBeUndefined();
  expect(await ahead.take(toTurn(toLong('one')), NEVER)).toBe(begun.get('one')?.chat);
  expect(await ahead.take(toTurn(toLong('one')), NEVER)).toBeUndefined();
  expect(begun.get('one')?.countEnds()).toBe(0);
});

test.each<[string, RunRequest, Partial<ResumeAheadParts>]>([
  ['a short history', toLong('one', 'key-a', { messages: LONG.slice(0, 21) }), {}],
  ['a request that may wait for hours', toLong('one', 'key-a', { isPatient: true }), {}],
  ['a history that a process holds', toLong('one'), { kept: { has: () => true } }],
  ['results that a process waits for', toLong('one'), { suspended: { has: () => true } }],
  ['any, where there is no room', toLong('one'), { hasRoom: () => false }],
])('nothing is begun for %s', async (_, request, changes) => {
  const { ahead, list } = create(changes);
  ahead.expect(request);
  await settle();

  expect(list()).toEqual([]);
  expect(await ahead.take(toTurn(request), NEVER)).toBeUndefined();
});

test('of each key one is begun, of all keys no more than may be', async () => {
  const { ahead, list } = create();
  for (const name of ['a1', 'a2', 'b1', 'c1']) ahead.expect(toLong(name, name.slice(0, 1)));
  await settle();
  expect(list()).toEqual(['a1', 'b1']);

  await ahead.take(toTurn(toLong('b1', 'b')), NEVER);
  await settle();
  expect(list()).toEqual(['a1', 'b1', 'c1']);
});

test('the next one of a key is begun when the one before is taken, or has left', async () => {
  const { ahead, begun, list } = create();
  const leave = ahead.expect(toLong('one'));
  ahead.expect(toLong('two'));
  ahead.expect(toLong('three'));
  await settle();
  leave();
  await settle();
  expect(begun.get('one')?.countEnds()).toBe(1);
  expect(list()).toEqual(['one', 'two']);

  await ahead.take(toTurn(toLong('two')), NEVER);
  await settle();
  expect(list()).toEqual(['one', 'two', 'three']);
});

test('whoever leaves while it starts leaves nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let ended: AbortSignal | undefined;
  const { ahead } = create({
    resume(_turn, signal) {
      ended = signal;
      return promise;
    },
  });
  const leave = ahead.expect(toLong('one'));
  await settle();
  leave();

  expect(ended?.aborted).toBe(true);
  resolve(undefined);
});

test('a caller who leaves while the process is taken ends it', async () => {
  const caller = new AbortController();
  const opened = Promise.withResolvers<undefined>();
  const { ahead } = create({
    resume(_turn, signal) {
      signal.addEventListener('abort', () => opened.reject(signal.reason));
      return opened.promise;
    },
  });
  ahead.expect(toLong('one'));
  const taking = ahead.take(toTurn(toLong('one')), caller.signal);
  await settle();
  caller.abort(new Error('The caller left.'));

  await expect(taking).rejects.toThrow('The caller left.');
});

test('one that has exited, was evicted or was retired is not taken', async () => {
  const { ahead, begun } = create();
  for (const end of [
    () => begun.get('one')?.exit('It was killed.'),
    () => expect(ahead.evict()).toBe(true),
    ahead.retire,
  ]) {
    ahead.expect(toLong('one'));
    await settle();
    end();
    await settle();
    expect(await ahead.take(toTurn(toLong('one')), NEVER)).toBeUndefined();
  }
  expect(ahead.evict()).toBe(false);
});

test.each<[string, Partial<RunRequest>]>([
  ['other instructions', { instructions: ['Be brief.'] }],
  ['another history', { messages: LONG.slice(2) }],
  ['tools', { tools: [{ name: 'look', description: undefined, inputSchema: { type: 'object' } }] }],
])('a request that has %s by then gets another', async (_, changes) => {
  const { ahead, begun } = create();
  ahead.expect(toLong('one'));
  await settle();

  expect(await ahead.take(toTurn(toLong('one', 'key-a', changes)), NEVER)).toBeUndefined();
  await settle();
  expect(begun.get('one')?.countEnds()).toBe(1);
});

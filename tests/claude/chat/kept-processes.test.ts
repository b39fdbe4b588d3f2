import { afterEach, expect, test, vi } from 'vitest';

import { holdReply, sayTurn } from '../../../src/claude/chat/chat-process.ts';
import {
  createKeptProcesses,
  type KeptProcessesOptions,
} from '../../../src/claude/chat/kept-processes.ts';
import {
  createAbilities,
  createFakeChat,
  say,
  toChatRequest,
  toExchange,
  toTurn,
} from '../chat-request.ts';

afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;

function create(changes: Partial<KeptProcessesOptions> = {}) {
  return createKeptProcesses({
    isReusing: () => Promise.resolve(true),
    maxIdle: 4,
    idleMs: 60_000,
    maxTurns: 100,
    maxRssBytes: Number.MAX_SAFE_INTEGER,
    isRoomWanted: () => false,
    hasSpare: () => false,
    ...changes,
  });
}

const ask = (...texts: string[]) => toTurn(toChatRequest({ messages: toExchange(...texts) }));

/** A process that was asked this, and has not answered yet. */
async function createAsked(turn = ask('One'), reply: unknown = { rewound: true }) {
  const fake = createFakeChat({ turn, reply });
  await Array.fromAsync(sayTurn(fake.chat, turn, createAbilities(), NEVER));
  return fake;
}

/** A process that was asked this, and whose answer is "Yes." */
async function createUsed(turn = ask('One'), reply?: unknown) {
  const fake = await createAsked(turn, reply);
  holdReply(fake.chat, say('assistant', 'Yes.'));
  return fake;
}

test('the next request gets it, once', async () => {
  const kept = create();
  const { chat } = await createUsed();
  kept.giveBack(chat, true);

  expect(await kept.take(ask('Another'))).toBe(chat);
  expect(await kept.take(ask('Another'))).toBeUndefined();
});

test('a request with instructions gets it, gone back to the beginning where only that will do', async () => {
  const kept = create();
  const { chat } = await createUsed();
  const request = toChatRequest({ instructions: ['Be brief.'] });
  kept.giveBack(chat, true);

  expect(await kept.take(toTurn(request, { rebinding: 'when-empty' }))).toBe(chat);
  expect(chat.held).toEqual([]);
});

test.each([
  { caller: { keyId: 'key-b', user: undefined, requestId: 'req_1' } },
  { caller: { keyId: 'key-a', user: 'ann', requestId: 'req_1' } },
  { enforced: { schema: { type: 'object' } } },
])('a request that it cannot serve does not: %j', async (changes) => {
  const kept = create();
  const { chat, countEnds } = await createUsed();
  kept.giveBack(chat, true);

  expect(await kept.take(toTurn({ ...toChatRequest(), ...changes }))).toBeUndefined();
  expect(countEnds()).toBe(0);
});

test('of several, the one that holds the conversation', async () => {
  const kept = create();
  const [one, other] = [await createUsed(ask('One')), await createUsed(ask('Other'))];
  kept.giveBack(one.chat, true);
  kept.giveBack(other.chat, true);

  expect(await kept.take(ask('Other', 'Yes.', 'Go on.'))).toBe(other.chat);
  expect(other.chat.held).toHaveLength(2);
});

test('a conversation that goes on is kept where a spare is ready', async () => {
  const kept = create({ hasSpare: () => true });
  const { chat } = await createUsed(ask('One', 'Two', 'Three'));
  kept.giveBack(chat, true);

  expect(await kept.take(ask('Another'))).toBeUndefined();
  expect(await kept.take(ask('One', 'Two', 'Three', 'Yes.', 'Five'))).toBe(chat);
});

test('of several that hold nothing of it, the one that has the same instructions', async () => {
  const kept = create();
  const brief = toTurn(toChatRequest({ instructions: ['Be brief.'] }));
  const [plain, same] = [await createUsed(), await createUsed(brief)];
  kept.giveBack(same.chat, true);
  kept.giveBack(plain.chat, true);

  expect(await kept.take(brief)).toBe(same.chat);
});

test('of several, a short conversation is given up before a long one', async () => {
  const kept = create();
  const [long, short] = [await createUsed(ask('One', 'Two', 'Three')), await createUsed()];
  kept.giveBack(long.chat, true);
  kept.giveBack(short.chat, true);

  expect(await kept.take(ask('Another'))).toBe(short.chat);
});

test('one that holds less than is asked for stays', async () => {
  const kept = create();
  const { chat, countEnds } = await createUsed();
  kept.giveBack(chat, true);

  expect(await kept.take(ask('One', 'Yes.', 'Go on.'), 3)).toBeUndefined();
  expect(countEnds()).toBe(0);
  expect(await kept.take(ask('One', 'Yes.', 'Go on.'), 2)).toBe(chat);
});

test('one that the CLI does not take back is ended', async () => {
  const kept = create();
  const { chat, countEnds } = await createUsed(ask('One'), { rewound: false });
  kept.giveBack(chat, true);

  expect(await kept.take(ask('Another'))).toBeUndefined();
  expect(countEnds()).toBe(1);
});

test('a turn that was cut off is interrupted and forgotten', async () => {
  const kept = create();
  const fake = await createAsked();
  kept.giveBack(fake.chat, false);

  expect(await kept.take(ask('One'))).toBe(fake.chat);
  expect(fake.chat.held).toEqual([]);
  expect(fake.asked.map(({ subtype }) => subtype)).toEqual([
    'apply_flag_settings',
    'interrupt',
    'rewind_conversation',
  ]);
});

test.each<[string, Partial<KeptProcessesOptions>]>([
  ['where processes are not used again', { isReusing: () => Promise.resolve(false) }],
  ['after its last turn', { maxTurns: 1 }],
  ['when somebody waits for room', { isRoomWanted: () => true }],
  ['where none may be idle', { maxIdle: 0 }],
])('%s it is ended', async (_, options) => {
  const kept = create(options);
  const { chat, countEnds } = await createUsed();
  kept.giveBack(chat, true);

  expect(await kept.take(ask('Another'))).toBeUndefined();
  expect(countEnds()).toBeGreaterThan(0);
});

test('one that takes too much memory is ended', async () => {
  const kept = create({ maxRssBytes: 1 });
  const { chat, countEnds } = await createUsed();
  kept.giveBack({ ...chat, process: { ...chat.process, pid: process.pid } }, true);

  expect(await kept.take(ask('Another'))).toBeUndefined();
  expect(countEnds()).toBeGreaterThan(0);
});

test('one that nobody wants for long enough is ended', async () => {
  vi.useFakeTimers();
  const kept = create({ idleMs: 1000 });
  const { chat, countEnds } = await createUsed();
  kept.giveBack(chat, true);
  await vi.advanceTimersByTimeAsync(999);
  expect(kept.count()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);

  expect([kept.count(), countEnds()]).toEqual([0, 1]);
});

test('on another day it is ended: the CLI told the model the date', async () => {
  vi.useFakeTimers({ now: new Date(2026, 0, 1, 23, 59, 59), toFake: ['Date'] });
  const kept = create();
  const { chat, countEnds } = await createUsed();
  kept.giveBack(chat, true);
  vi.setSystemTime(new Date(2026, 0, 2, 0, 0, 1));

  expect(await kept.take(ask('Another'))).toBeUndefined();
  expect(countEnds()).toBe(1);
});

test('the one not used for the longest time goes first', async () => {
  const kept = create({ maxIdle: 1 });
  const [one, other] = [await createUsed(), await createUsed()];
  kept.giveBack(one.chat, true);
  kept.giveBack(other.chat, true);

  expect([one.countEnds(), other.countEnds()]).toEqual([1, 0]);
  expect(kept.evict()).toBe(true);
  expect(kept.evict()).toBe(false);
});

test('none is left when the login changed', async () => {
  const kept = create();
  const used = [await createUsed(), await createUsed()];
  for (const { chat } of used) kept.giveBack(chat, true);
  kept.retire();

  expect(used.map(({ countEnds }) => countEnds())).toEqual([1, 1]);
});

test('one that dies is forgotten', async () => {
  const kept = create();
  const { chat, exit } = await createUsed();
  kept.giveBack(chat, true);
  exit('it died');
  await chat.process.exited;

  await expect.poll(kept.count).toBe(0);
});

const toAsked = (keyId: string) =>
  toTurn({ ...toChatRequest(), caller: { keyId, user: undefined, requestId: 'req_1' } });

test('one key cannot take the place of all others: what goes is its own oldest', async () => {
  const kept = create({ maxIdle: 2 });
  const other = await createUsed(toAsked('key-b'));
  kept.giveBack(other.chat, true);
  const greedy = await Promise.all(Array.from({ length: 3 }, () => createUsed(toAsked('key-a'))));
  for (const { chat } of greedy) kept.giveBack(chat, true);
  expect(greedy.map(({ countEnds }) => countEnds())).toEqual([1, 1, 0]);
  expect(other.countEnds()).toBe(0);
  expect(await kept.take(toAsked('key-b'))).toBe(other.chat);
});

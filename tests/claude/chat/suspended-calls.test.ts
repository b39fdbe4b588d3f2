import { afterEach, expect, test, vi } from 'vitest';

import type { Message, RunRequest } from '../../../src/run.ts';
import type { CliLine } from '../../../src/claude/process/protocol.ts';
import { createSuspendedCalls } from '../../../src/claude/chat/suspended-calls.ts';
import { createFakeChat, say, toChatRequest } from '../chat-request.ts';
import { messageStart, synthetic, toLine } from '../cli-lines.ts';

afterEach(() => {
  vi.useRealTimers();
});

const TOOLS = [{ name: 'look', description: undefined, inputSchema: { type: 'object' } }];
const OWN_ANSWER = toLine({ type: 'user', message: { role: 'user', content: [] } });

const toReply = (...ids: string[]): Message => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', id, name: 'look', input: {} })),
});

/** The request that brings the results. */
function toFollowUp(ids: readonly string[], changes: Partial<RunRequest> = {}) {
  const results: Message = {
    role: 'user',
    parts: ids.map((callId) => ({
      type: 'tool-result',
      callId,
      content: [{ type: 'text', text: 'seen' }],
      isError: false,
    })),
  };
  const messages = [say('user', 'Look.'), toReply(...ids), results];
  return toChatRequest({ tools: TOOLS, messages, ...changes });
}

const REQUEST = toChatRequest({ tools: TOOLS, messages: [say('user', 'Look.')] });

/** A process whose CLI asks for these calls, after it has said these lines. */
function createBound(callIds: readonly string[], said: readonly CliLine[] = []) {
  const { chat, exit, countEnds } = createFakeChat({ tools: TOOLS, said });
  const { tools } = chat;
  const ask = (ids = callIds) => {
    for (const id of ids) {
      const params = { _meta: { 'claudecode/toolUseId': id } };
      const message = { id, method: 'tools/call', params };
      tools.handler({ subtype: 'mcp_message', server_name: 'client', message }, () => undefined);
    }
  };
  return { chat, ask, exit, countEnds };
}

function create({ maxSuspended = 3, ttlMs = 60_000, isRoomWanted = (): boolean => false } = {}) {
  return createSuspendedCalls({ maxSuspended, ttlMs, isRoomWanted });
}

/** Keeps one whose calls were asked for. */
function keep(suspended: ReturnType<typeof create>, ids = ['toolu_1'], request = REQUEST) {
  const made = createBound(ids);
  made.ask();
  suspended.keep(made.chat, request, toReply(...ids));
  return made;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the results of all calls find their process, once', async () => {
  const suspended = create();
  const { chat, countEnds } = keep(suspended, ['toolu_1', 'toolu_2']);
  const followUp = toFollowUp(['toolu_1', 'toolu_2']);

  const taken = await suspended.take(followUp);
  expect(taken?.chat).toBe(chat);
  expect(taken?.results).toEqual(followUp.messages.at(-1)?.parts);
  expect(await suspended.take(followUp)).toBeUndefined();
  expect(countEnds()).toBe(0);
});

test.each<[string, Partial<RunRequest>]>([
  ['other instructions', { instructions: ['Be brief.'] }],
  ['other tools', { tools: [] }],
  ['another model', { model: 'opus' }],
  [
    'an edited history',
    { messages: [say('user', 'See.'), ...toFollowUp(['toolu_1']).messages.slice(1)] },
  ],
])('results that come with %s do not, and the process goes', async (_, changes) => {
  const suspended = create();
  const { countEnds } = keep(suspended);

  expect(await suspended.take(toFollowUp(['toolu_1'], changes))).toBeUndefined();
  expect(countEnds()).toBe(1);
});

test.each([
  { keyId: 'key-b', user: undefined, requestId: 'req_2' },
  { keyId: 'key-a', user: 'ann', requestId: 'req_2' },
])('somebody else can neither take a process nor end it: %j', async (caller) => {
  const suspended = create();
  const { chat, countEnds } = keep(suspended);

  expect(await suspended.take(toFollowUp(['toolu_1'], { caller }))).toBeUndefined();
  expect(countEnds()).toBe(0);
  expect((await suspended.take(toFollowUp(['toolu_1'])))?.chat).toBe(chat);
});

test('results that the CLI would bend, or text beside them, end the process', async () => {
  const suspended = create();
  const followUp = toFollowUp(['toolu_1']);
  const [, , results] = followUp.messages;
  const parts = [...(results?.parts ?? []), { type: 'text' as const, text: 'Be brief.' }];
  const messages = followUp.messages.with(2, { role: 'user', parts });
  const { countEnds } = keep(suspended);

  expect(await suspended.take({ ...followUp, messages })).toBeUndefined();
  expect(countEnds()).toBe(1);
});

test('a request without results asks for no process', async () => {
  const suspended = create();
  const { countEnds } = keep(suspended);

  expect(await suspended.take(REQUEST)).toBeUndefined();
  expect(countEnds()).toBe(0);
});

test('the oldest goes when there are too many', async () => {
  const suspended = create({ maxSuspended: 2 });
  const made = ['toolu_1', 'toolu_2', 'toolu_3'].map((id) => keep(suspended, [id]));

  expect(made.map(({ countEnds }) => countEnds())).toEqual([1, 0, 0]);
  expect(suspended.evictOldest()).toBe(true);
  expect(made.map(({ countEnds }) => countEnds())).toEqual([1, 1, 0]);
});

test('with nothing to evict there is no room to make', () => {
  expect(create().evictOldest()).toBe(false);
});

test('none begins to wait while somebody waits for room', () => {
  const { countEnds } = keep(create({ isRoomWanted: () => true }));

  expect(countEnds()).toBe(1);
});

test('a process waits no longer than it may', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const suspended = create({ ttlMs: 1000 });
  const { countEnds } = keep(suspended);
  vi.advanceTimersByTime(999);
  expect(countEnds()).toBe(0);
  vi.advanceTimersByTime(1);

  expect(countEnds()).toBe(1);
  expect(await suspended.take(toFollowUp(['toolu_1']))).toBeUndefined();
});

test('one that was taken may take its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const suspended = create({ ttlMs: 1000 });
  const { countEnds } = keep(suspended);
  await suspended.take(toFollowUp(['toolu_1']));
  vi.advanceTimersByTime(1000);

  expect(countEnds()).toBe(0);
});

test('a process that ends by itself is forgotten', async () => {
  const suspended = create();
  const { exit } = keep(suspended);
  exit('it crashed');
  await settle();

  expect(suspended.evictOldest()).toBe(false);
});

test('of two processes with one conversation the later one waits, whatever becomes of the other', async () => {
  const suspended = create();
  const earlier = keep(suspended);
  const later = keep(suspended);
  expect(earlier.countEnds()).toBe(1);
  await settle();

  expect((await suspended.take(toFollowUp(['toolu_1'])))?.chat).toBe(later.chat);
});

test.each([
  ['answers a call by itself', OWN_ANSWER],
  ['goes on', messageStart('msg_2')],
])('a CLI that %s is ended at once', async (_, line) => {
  const suspended = create();
  const { chat, countEnds } = createBound(['toolu_1'], [synthetic(), line]);
  suspended.keep(chat, REQUEST, toReply('toolu_1'));
  await settle();

  expect(countEnds()).toBe(1);
  expect(await suspended.take(toFollowUp(['toolu_1']))).toBeUndefined();
});

test('results that are faster than the CLI wait for it', async () => {
  const suspended = create();
  const { chat, ask } = createBound(['toolu_1', 'toolu_2']);
  suspended.keep(chat, REQUEST, toReply('toolu_1', 'toolu_2'));
  const taken = suspended.take(toFollowUp(['toolu_1', 'toolu_2']));
  ask();

  expect((await taken)?.chat).toBe(chat);
});

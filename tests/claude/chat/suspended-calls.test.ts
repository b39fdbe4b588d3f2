import { afterEach, expect, test, vi } from 'vitest';

import type { Message, Part } from '../../../src/run.ts';
import type { ChatRequest } from '../../../src/claude/chat/chat-request.ts';
import { createLineQueue, createLineReader } from '../../../src/claude/process/lines.ts';
import type { CliLine } from '../../../src/claude/process/protocol.ts';
import {
  type ChatProcess,
  holdReply,
  sayTurn,
  settle as settleChat,
} from '../../../src/claude/chat/chat-process.ts';
import { createSuspendedCalls } from '../../../src/claude/chat/suspended-calls.ts';
import { createAbilities, createFakeChat, say, toChatRequest, toTurn } from '../chat-request.ts';
import { messageStart, result, synthetic, toLine } from '../cli-lines.ts';

afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;
const TOOLS = [{ name: 'look', description: undefined, inputSchema: { type: 'object' } }];
const OWN_ANSWER = toLine({ type: 'user', message: { role: 'user', content: [] } });

const toReply = (...ids: string[]): Message => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', id, name: 'look', input: {} })),
});

/** The turn that brings the results, with what else stands in its last message. */
function toFollowUp(
  ids: readonly string[],
  changes: Partial<ChatRequest> = {},
  more: readonly Part[] = [],
) {
  const results: Part[] = ids.map((callId) => ({
    type: 'tool-result',
    callId,
    content: [{ type: 'text', text: 'seen' }],
    isError: false,
  }));
  const last: Message = { role: 'user', parts: [...results, ...more] };
  const messages = [say('user', 'Look.'), toReply(...ids), last];
  return toTurn({ ...toChatRequest({ tools: TOOLS, messages }), ...changes });
}

const TURN = toTurn(toChatRequest({ tools: TOOLS, messages: [say('user', 'Look.')] }));

/** A process whose CLI asks for these calls, after it has said these lines. */
async function createBound(
  callIds: readonly string[],
  { said = [], turn = TURN }: { said?: readonly CliLine[]; turn?: typeof TURN } = {},
) {
  const own = toTurn(turn.request); // whose tools no other test has called
  const { chat, exit, countEnds } = createFakeChat({ turn: own, said });
  await Array.fromAsync(sayTurn(chat, own, createAbilities(), NEVER));
  holdReply(chat, toReply(...callIds));
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
  const released: ChatProcess[] = [];
  const onChange = vi.fn<() => void>();
  const suspended = createSuspendedCalls({
    maxSuspended,
    ttlMs,
    isRoomWanted,
    onChange,
    release: (chat) => released.push(chat),
  });
  return { suspended, released, onChange };
}

/** Keeps one whose calls were asked for. */
async function keep(
  { suspended }: Pick<ReturnType<typeof create>, 'suspended'>,
  ids = ['toolu_1'],
  turn = TURN,
) {
  const made = await createBound(ids, { turn });
  made.ask();
  suspended.keep(made.chat, turn, toReply(...ids));
  return made;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the results of all calls find their process, once', async () => {
  const { suspended, released } = create();
  const { chat, countEnds } = await keep({ suspended }, ['toolu_1', 'toolu_2']);
  const followUp = toFollowUp(['toolu_1', 'toolu_2']);

  const taken = await suspended.take(followUp);
  expect(taken?.chat).toBe(chat);
  expect(taken?.results).toEqual(followUp.request.messages.at(-1)?.parts);
  expect(await suspended.take(followUp)).toBeUndefined();
  expect([countEnds(), released]).toEqual([0, []]);
});

test.each<[string, Partial<ChatRequest>]>([
  ['another tool choice', { toolChoice: { type: 'none' } }],
  ['another id of the request', { caller: { ...TURN.request.caller, requestId: 'req_2' } }],
  [
    'the call with defaults filled in',
    {
      messages: toFollowUp(['toolu_1']).request.messages.with(1, {
        role: 'assistant',
        parts: [{ type: 'tool-call', id: 'toolu_1', name: 'look', input: { deep: false } }],
      }),
    },
  ],
])('results that come with %s find it, too', async (_, changes) => {
  const { suspended } = create();
  const { chat } = await keep({ suspended });

  expect((await suspended.take(toFollowUp(['toolu_1'], changes)))?.chat).toBe(chat);
});

test.each<[string, Partial<ChatRequest>]>([
  ['other instructions', { instructions: ['Be brief.'] }],
  ['other tools', { tools: [] }],
  ['another model', { model: 'opus' }],
  ['another effort', { effort: 'low' }],
  ['another limit', { sampling: { ...TURN.request.sampling, maxOutputTokens: 100 } }],
  [
    'an edited history',
    { messages: toFollowUp(['toolu_1']).request.messages.with(0, say('user', 'See.')) },
  ],
  [
    'a longer history',
    { messages: [say('user', 'First.'), ...toFollowUp(['toolu_1']).request.messages] },
  ],
])('results that come with %s do not, and the process is released', async (_, changes) => {
  const { suspended, released } = create();
  const { chat, countEnds } = await keep({ suspended });

  expect(await suspended.take(toFollowUp(['toolu_1'], changes))).toBeUndefined();
  expect(released).toEqual([chat]);
  expect([countEnds(), suspended.count()]).toEqual([0, 0]);
});

test.each<[string, Part[]]>([
  ['text beside them', [{ type: 'text', text: 'Be brief.' }]],
  [
    'a result that the CLI would bend',
    [{ type: 'tool-result', callId: 'toolu_2', content: [], isError: false }],
  ],
])('results with %s release the process', async (_, more) => {
  const { suspended, released } = create();
  const { chat, countEnds } = await keep({ suspended });

  expect(await suspended.take(toFollowUp(['toolu_1'], {}, more))).toBeUndefined();
  expect(released).toEqual([chat]);
  expect([countEnds(), suspended.count()]).toEqual([0, 0]);
});

test.each<Partial<ChatRequest>>([
  { caller: { keyId: 'key-b', user: undefined, requestId: 'req_2' } },
  { caller: { keyId: 'key-a', user: 'ann', requestId: 'req_2' } },
  { enforced: { schema: { type: 'object' } } },
])('somebody else can neither take a process nor have it released: %j', async (changes) => {
  const { suspended, released } = create();
  const { chat } = await keep({ suspended });

  expect(await suspended.take(toFollowUp(['toolu_1'], changes))).toBeUndefined();
  expect(released).toEqual([]);
  expect((await suspended.take(toFollowUp(['toolu_1'])))?.chat).toBe(chat);
});

test('the results of some of the calls leave it waiting', async () => {
  const { suspended, released } = create();
  await keep({ suspended }, ['toolu_1', 'toolu_2']);

  expect(await suspended.take(toFollowUp(['toolu_1']))).toBeUndefined();
  expect([released, suspended.count()]).toEqual([[], 1]);
});

test('a request without results asks for no process', async () => {
  const { suspended } = create();
  await keep({ suspended });

  expect(await suspended.take(TURN)).toBeUndefined();
  expect(suspended.count()).toBe(1);
});

test('of two that wait for the same results one gets them, the other is released', async () => {
  const { suspended, released } = create();
  const made = [await keep({ suspended }), await keep({ suspended })];
  const taken = await suspended.take(toFollowUp(['toolu_1']));

  expect(new Set([taken?.chat, ...released])).toEqual(new Set(made.map(({ chat }) => chat)));
  expect(released).toHaveLength(1);
  expect(suspended.count()).toBe(0);
});

test('of two that wait for calls of the same id, the one of the turn gets its results', async () => {
  const { suspended, released } = create();
  const brief = toTurn({ ...TURN.request, instructions: ['Be brief.'] });
  const other = await keep({ suspended }, ['toolu_1'], brief);
  const { chat } = await keep({ suspended });

  expect((await suspended.take(toFollowUp(['toolu_1'])))?.chat).toBe(chat);
  expect(released).toEqual([other.chat]);
});

test('the oldest goes when there are too many', async () => {
  const { suspended } = create({ maxSuspended: 2 });
  const made = [
    await keep({ suspended }, ['toolu_1']),
    await keep({ suspended }, ['toolu_2']),
    await keep({ suspended }, ['toolu_3']),
  ];

  expect(made.map(({ countEnds }) => countEnds())).toEqual([1, 0, 0]);
  expect(suspended.evict()).toBe(true);
  expect(made.map(({ countEnds }) => countEnds())).toEqual([1, 1, 0]);
});

const toAsking = (keyId: string) =>
  toTurn({ ...TURN.request, caller: { keyId, user: undefined, requestId: 'req_1' } });

test('one key cannot take the place of all others: what goes is its own oldest', async () => {
  const { suspended } = create({ maxSuspended: 2 });
  const other = await keep({ suspended }, ['toolu_1'], toAsking('key-b'));
  const greedy = [
    await keep({ suspended }, ['toolu_2'], toAsking('key-a')),
    await keep({ suspended }, ['toolu_3'], toAsking('key-a')),
  ];
  expect(other.countEnds()).toBe(0);
  expect(greedy.map(({ countEnds }) => countEnds())).toEqual([1, 0]);
});

test('with nothing to evict there is no room to make', () => {
  expect(create().suspended.evict()).toBe(false);
});

test('none begins to wait while somebody waits for room', async () => {
  const { countEnds } = await keep(create({ isRoomWanted: () => true }));

  expect(countEnds()).toBe(1);
});

test('a process waits no longer than it may', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { suspended } = create({ ttlMs: 1000 });
  const { countEnds } = await keep({ suspended });
  vi.advanceTimersByTime(999);
  expect(countEnds()).toBe(0);
  vi.advanceTimersByTime(1);

  expect(countEnds()).toBe(1);
  expect(await suspended.take(toFollowUp(['toolu_1']))).toBeUndefined();
});

test('one that was taken may take its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { suspended } = create({ ttlMs: 1000 });
  const { countEnds } = await keep({ suspended });
  await suspended.take(toFollowUp(['toolu_1']));
  vi.advanceTimersByTime(1000);

  expect(countEnds()).toBe(0);
});

test('a process that ends by itself is forgotten', async () => {
  const { suspended } = create();
  const { exit } = await keep({ suspended });
  exit('it crashed');
  await settle();

  expect(suspended.evict()).toBe(false);
});

test('who waits for a change is told of each', async () => {
  const { suspended, onChange } = create();
  const counts: number[] = [];
  onChange.mockImplementation(() => counts.push(suspended.count()));
  await keep({ suspended });
  const { exit } = await keep({ suspended }, ['toolu_2']);
  await suspended.take(toFollowUp(['toolu_1']));
  exit('it crashed');
  await settle();

  expect(counts).toEqual([1, 2, 1, 0]);
});

test.each([
  ['answers a call by itself', OWN_ANSWER],
  ['goes on', messageStart('msg_2')],
])('a CLI that %s is ended at once', async (_, line) => {
  const { suspended } = create();
  const { chat, countEnds } = await createBound(['toolu_1'], { said: [synthetic(), line] });
  suspended.keep(chat, TURN, toReply('toolu_1'));
  await settle();

  expect(countEnds()).toBe(1);
  expect(await suspended.take(toFollowUp(['toolu_1']))).toBeUndefined();
});

test('results that are faster than the CLI wait for it', async () => {
  const { suspended } = create();
  const { chat, ask } = await createBound(['toolu_1', 'toolu_2']);
  suspended.keep(chat, TURN, toReply('toolu_1', 'toolu_2'));
  const taken = suspended.take(toFollowUp(['toolu_1', 'toolu_2']));
  ask();

  expect((await taken)?.chat).toBe(chat);
});

test('results that the CLI does not ask for release it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { suspended, released } = create();
  const { chat } = await createBound(['toolu_1']);
  suspended.keep(chat, TURN, toReply('toolu_1'));
  const taken = suspended.take(toFollowUp(['toolu_1']));
  await vi.advanceTimersByTimeAsync(5000);

  expect(await taken).toBeUndefined();
  expect(released).toEqual([chat]);
});

test('of one that is released before the CLI has asked, nobody else reads the lines', async () => {
  const { suspended, released } = create();
  const said = createLineQueue<CliLine>(100);
  const { chat } = await createBound(['toolu_1']);
  chat.lines = createLineReader(said.items());
  suspended.keep(chat, TURN, toReply('toolu_1'));
  await suspended.take(toFollowUp(['toolu_1'], {}, [{ type: 'text', text: 'Be brief.' }]));
  expect(released).toEqual([chat]);

  const settled = settleChat(chat); // as whoever takes it back does
  for (const line of [synthetic(), synthetic(), OWN_ANSWER, result()]) {
    void said.push(line);
    await settle();
  }
  expect(await Promise.race([settled, settle().then(() => 'not yet')])).toBe(true);
});

import { afterEach, describe, expect, test, vi } from 'vitest';

import type { Message, Part, RunRequest } from '../../../src/run.ts';
import type { Rebinding } from '../../../src/claude/chat/abilities.ts';
import {
  type ChatProcess,
  countKept,
  holdReply,
  rewindTo,
  sayTurn,
  settle,
} from '../../../src/claude/chat/chat-process.ts';
import type { ChatTurn } from '../../../src/claude/chat/chat-turn.ts';
import {
  createAbilities,
  createFakeChat,
  say,
  toChatRequest,
  toExchange,
  toTurn,
} from '../chat-request.ts';
import { messageStart, result } from '../cli-lines.ts';

afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;
const REWOUND = { rewound: true };
const LOOK = { name: 'look', description: undefined, inputSchema: { type: 'object' } };

const tellTurn = (chat: ChatProcess, turn: ChatTurn) =>
  Array.fromAsync(sayTurn(chat, turn, createAbilities(), NEVER));

/** The lines that the CLI is told for a conversation. */
async function tell(messages: readonly Message[]) {
  const { chat, said } = createFakeChat();
  await tellTurn(chat, toTurn(toChatRequest({ messages })));
  return said;
}

async function tellBlocks(role: Message['role'], ...parts: Part[]) {
  const [line] = await tell([{ role, parts }, say('user', 'Go on.')]);
  return line;
}

test('only the last message is answered, and every user line has an id of its own', async () => {
  const said = await tell([say('user', 'One'), say('assistant', 'Two'), say('user', 'Three')]);

  expect(said).toEqual([
    {
      type: 'user',
      message: { role: 'user', content: 'One' },
      uuid: expect.any(String),
      client_composed: true,
      shouldQuery: false,
    },
    {
      type: 'assistant',
      message: {
        role: 'assistant',
        model: 'claude-full-id',
        content: [{ type: 'text', text: 'Two' }],
      },
    },
    {
      type: 'user',
      message: { role: 'user', content: 'Three' },
      uuid: expect.any(String),
      client_composed: true,
    },
  ]);
  const ids = said.flatMap((line) => ('uuid' in line ? [line.uuid] : []));
  expect(new Set(ids).size).toBe(2);
});

describe('as blocks', () => {
  test('calls, and the thinking that the API signed', async () => {
    const line = await tellBlocks(
      'assistant',
      { type: 'reasoning', text: 'Hm.', signature: 'c2ln' },
      { type: 'reasoning', text: 'Not signed.', signature: undefined },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', id: 'toolu_1', name: 'look', input: { at: 'it' } },
    );

    expect(line).toMatchObject({
      message: {
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'it' } },
        ],
      },
    });
  });

  test('results with all that is in them', async () => {
    const line = await tellBlocks(
      'user',
      { type: 'tool-result', callId: 'toolu_1', content: [], isError: false },
      {
        type: 'tool-result',
        callId: 'toolu_2',
        content: [
          { type: 'text', text: 'seen' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
          { type: 'document', source: { kind: 'text', text: 'a page' }, title: 'Page' },
        ],
        isError: true,
      },
    );

    expect(line).toMatchObject({
      message: {
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [] },
          {
            type: 'tool_result',
            tool_use_id: 'toolu_2',
            is_error: true,
            content: [
              { type: 'text', text: 'seen' },
              {
                type: 'image',
                source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
              },
              {
                type: 'document',
                title: 'Page',
                source: { type: 'text', media_type: 'text/plain', data: 'a page' },
              },
            ],
          },
        ],
      },
    });
  });

  test('what is elsewhere', async () => {
    const source = { kind: 'url', url: 'https://example.com/a.png' } as const;

    expect(await tellBlocks('user', { type: 'image', source })).toMatchObject({
      message: { content: [{ type: 'image', source: { type: 'url', url: source.url } }] },
    });
  });
});

test('a turn of which nothing is left is not said', async () => {
  const thought: Part = { type: 'reasoning', text: 'Hm.', signature: undefined };

  expect(await tell([{ role: 'assistant', parts: [thought] }, say('user', 'Hi.')])).toHaveLength(1);
});

type UsedOptions = { reply?: unknown; changes?: Partial<RunRequest> };

/** A process that was asked, has answered, and was asked again. */
async function createUsed({ reply = REWOUND, changes = {} }: UsedOptions = {}) {
  const first = toTurn(toChatRequest({ ...changes, messages: toExchange('One') }));
  const fake = createFakeChat({ reply, turn: first });
  const { chat } = fake;
  await tellTurn(chat, first);
  holdReply(chat, say('assistant', 'Two'));
  const messages = toExchange('One', 'Two', 'Three');
  await tellTurn(chat, toTurn(toChatRequest({ ...changes, messages })));
  holdReply(chat, say('assistant', 'Four'));
  fake.said.length = 0;
  fake.asked.length = 0;
  return fake;
}

const toNext = (...texts: string[]) => toChatRequest({ messages: toExchange(...texts) });

/** The request that goes on with all that the process holds. */
const NEXT = toNext('One', 'Two', 'Three', 'Four', 'Five');

test('what the process holds already is not said again', async () => {
  const { chat, said } = await createUsed();
  await tellTurn(chat, toTurn(NEXT));

  expect(said).toMatchObject([{ type: 'user', message: { content: 'Five' } }]);
});

test('settings that hold already are not set again, others are', async () => {
  const { chat, asked } = await createUsed();
  await tellTurn(chat, toTurn(NEXT));
  expect(asked).toEqual([]);

  await tellTurn(chat, toTurn({ ...NEXT, sampling: { ...NEXT.sampling, topK: 5 } }));
  expect(asked).toMatchObject([{ subtype: 'apply_flag_settings' }]);
});

test('settings that the CLI did not confirm are set again', async () => {
  const { chat, asked } = await createUsed();
  const turn = toTurn({ ...NEXT, sampling: { ...NEXT.sampling, topK: 5 } });
  const refusing = vi.spyOn(chat.process, 'request').mockRejectedValueOnce(new Error('no'));
  await expect(tellTurn(chat, turn)).rejects.toThrow('no');
  await tellTurn(chat, turn);

  expect(refusing).toHaveBeenCalledTimes(2);
  expect(asked).toMatchObject([{ subtype: 'apply_flag_settings' }]);
});

test('instructions come after the settings, which name the model that they are for, and before the messages', async () => {
  const { chat, asked, said } = createFakeChat();
  const turn = toTurn({ ...NEXT, instructions: ['Be brief.'], tools: [LOOK] });
  const telling = sayTurn(chat, turn, createAbilities(), NEVER)[Symbol.asyncIterator]();
  await telling.next(); // the first message is confirmed

  expect(asked.map(({ subtype }) => subtype)).toEqual([
    'apply_flag_settings',
    'initialize',
    'set_model',
  ]);
  expect(said).toHaveLength(1);
});

describe('of what it holds it keeps', () => {
  test.each<[string, string[], number]>([
    ['all, where the conversation goes on', ['One', 'Two', 'Three', 'Four', 'Five'], 4],
    ['all before an edited message', ['One', 'Two', 'Drei'], 2],
    ['all before one that is answered anew', ['One', 'Two', 'Three'], 2],
    ['all before one whose answer was edited', ['One', 'Two', 'Three', 'Vier', 'Five'], 2],
    ['nothing before an edited first answer', ['One', 'Zwei', 'Three'], 0],
    ['nothing of another conversation', ['Eins'], 0],
  ])('%s', async (_, texts, count) => {
    const { chat } = await createUsed();

    expect(countKept(chat, toTurn(toNext(...texts)))).toBe(count);
  });

  test('no more than it will hold when it is at rest', async () => {
    const { chat } = await createUsed();

    expect(countKept(chat, toTurn(NEXT), 3)).toBe(2);
  });

  test.each([{ model: 'opus' }, { effort: 'low' }, { thinking: { type: 'off' } }] as const)(
    'nothing for %j: in the middle of a conversation the CLI would tell the model of the change',
    async (changes) => {
      const { chat } = await createUsed();

      expect(countKept(chat, toTurn({ ...NEXT, ...changes }))).toBe(0);
    },
  );

  test.each<Partial<RunRequest>>([
    { toolChoice: { type: 'required' } },
    { output: { type: 'json', schema: { type: 'object' } } },
    { caller: { ...NEXT.caller, requestId: 'req_2' } },
  ])('all for %j', async (changes) => {
    const { chat } = await createUsed();

    expect(countKept(chat, toTurn({ ...NEXT, ...changes }))).toBe(4);
  });

  test.each<Partial<RunRequest>>([
    { caller: { ...NEXT.caller, keyId: 'key-b' } },
    { caller: { ...NEXT.caller, user: 'ann' } },
  ])('nothing for somebody else, whom it cannot serve: %j', async (changes) => {
    const { chat } = await createUsed();

    expect(countKept(chat, toTurn({ ...NEXT, ...changes }))).toBeUndefined();
  });

  const BRIEF = { instructions: ['Be brief.'] };
  const KIND = { instructions: ['Be kind.'] };
  const ONE = { tools: [LOOK] };
  const OTHER = { tools: [{ ...LOOK, name: 'listen' }] };

  describe.each<
    [string, Partial<RunRequest>, Partial<RunRequest>, Record<Rebinding, number | undefined>]
  >([
    ['the same', { ...BRIEF, ...ONE }, { ...BRIEF, ...ONE }, kept(4, 4, 4)],
    ['instructions, then others', BRIEF, KIND, kept(4, 0, undefined)],
    ['none, then instructions', {}, BRIEF, kept(4, 0, undefined)],
    ['instructions, then none', BRIEF, {}, kept(undefined, undefined, undefined)],
    ['no tools, then tools', {}, ONE, kept(0, 0, undefined)],
    ['tools, then none', ONE, {}, kept(0, 0, undefined)],
    ['tools, then others', ONE, OTHER, kept(undefined, undefined, undefined)],
  ])('%s', (_, first, next, expected) => {
    test.each(['always', 'when-empty', 'never'] as const)(
      'where it takes others: %s',
      async (rebinding) => {
        const { chat } = await createUsed({ changes: first });
        const turn = toTurn({ ...NEXT, ...next }, { rebinding });

        expect(countKept(chat, turn)).toBe(expected[rebinding]);
      },
    );
  });

  test('nothing for a second list of tools, even the first one again', async () => {
    const { chat } = await createUsed({ changes: ONE });
    await tellTurn(chat, toTurn(NEXT));

    expect(countKept(chat, toTurn(NEXT))).not.toBeUndefined();
    expect(countKept(chat, toTurn({ ...NEXT, ...ONE }))).toBeUndefined();
  });
});

const toUuids = ({ held }: ChatProcess) => held.map(({ uuid }) => uuid);

describe('going back', () => {
  test('names the first message to forget, and the last one that it knows', async () => {
    const { chat, asked } = await createUsed();
    const [first, , third] = toUuids(chat);

    expect(await rewindTo(chat, 2)).toBe(true);
    expect(await rewindTo(chat, 0)).toBe(true);
    expect(asked).toEqual([
      {
        subtype: 'rewind_conversation',
        target_message_uuid: third,
        last_seen_user_message_uuid: third,
      },
      {
        subtype: 'rewind_conversation',
        target_message_uuid: first,
        last_seen_user_message_uuid: first,
      },
    ]);
    expect(chat.held).toEqual([]);
  });

  test('to where it is asks for nothing', async () => {
    const { chat, asked } = await createUsed();

    expect(await rewindTo(chat, 4)).toBe(true);
    expect(asked).toEqual([]);
  });

  test.each([{ rewound: false, reason: 'stale_target' }, {}, 'no'])(
    'that the CLI answers with %j is none',
    async (reply) => {
      const { chat } = await createUsed({ reply });

      expect(await rewindTo(chat, 2)).toBe(false);
    },
  );
});

test('a turn is over when its own result came, whatever came before', async () => {
  const { chat } = createFakeChat({ said: [messageStart(), result(), messageStart()] });
  chat.begun = 1;
  expect(await settle(chat)).toBe(true);

  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  chat.begun = 2;
  const settling = settle(chat);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await settling).toBe(false);
});

function kept(
  always: number | undefined,
  whenEmpty: number | undefined,
  never: number | undefined,
) {
  return { always, 'when-empty': whenEmpty, never };
}

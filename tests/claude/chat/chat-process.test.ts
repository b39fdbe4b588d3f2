import { describe, expect, test } from 'vitest';

import type { Message, Part } from '../../../src/run.ts';
import {
  type ChatProcess,
  countKept,
  hold,
  rewindTo,
  sayRequest,
  settle,
} from '../../../src/claude/chat/chat-process.ts';
import { createFakeChat, say, toChatRequest } from '../chat-request.ts';
import { messageStart, result } from '../cli-lines.ts';

const NEVER = new AbortController().signal;
const REWOUND = { rewound: true };

/** The lines that the CLI is told for a conversation. */
async function tell(messages: readonly Message[]) {
  const { chat, said } = createFakeChat();
  await Array.fromAsync(sayRequest(chat, toChatRequest({ messages }), NEVER));
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

/** A process that was asked, has answered, and was asked again. */
async function createUsed(reply: unknown = REWOUND) {
  const fake = createFakeChat({ reply });
  const { chat } = fake;
  await Array.fromAsync(sayRequest(chat, toChatRequest({ messages: [say('user', 'One')] }), NEVER));
  hold(chat, say('assistant', 'Two'));
  const messages = [say('user', 'One'), say('assistant', 'Two'), say('user', 'Three')];
  await Array.fromAsync(sayRequest(chat, toChatRequest({ messages }), NEVER));
  hold(chat, say('assistant', 'Four'));
  fake.said.length = 0;
  fake.asked.length = 0;
  return fake;
}

const toNext = (...texts: string[]) =>
  toChatRequest({
    messages: texts.map((text, index) => say(index % 2 === 0 ? 'user' : 'assistant', text)),
  });

test('what the process holds already is not said again', async () => {
  const { chat, said } = await createUsed();
  await Array.fromAsync(sayRequest(chat, toNext('One', 'Two', 'Three', 'Four', 'Five'), NEVER));

  expect(said).toMatchObject([{ type: 'user', message: { content: 'Five' } }]);
});

test('settings that hold already are not set again, others are', async () => {
  const { chat, asked } = await createUsed();
  const next = toNext('One', 'Two', 'Three', 'Four', 'Five');
  await Array.fromAsync(sayRequest(chat, next, NEVER));
  expect(asked).toEqual([]);

  await Array.fromAsync(
    sayRequest(chat, { ...next, sampling: { ...next.sampling, topK: 5 } }, NEVER),
  );
  expect(asked).toMatchObject([{ subtype: 'apply_flag_settings' }]);
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

    expect(countKept(chat, toNext(...texts))).toBe(count);
  });

  test.each([{ model: 'opus' }, { effort: 'low' }, { thinking: { type: 'off' } }] as const)(
    'nothing for %j: in the middle of a conversation the CLI would tell the model of the change',
    async (changes) => {
      const { chat } = await createUsed();
      const request = toNext('One', 'Two', 'Three', 'Four', 'Five');

      expect(countKept(chat, { ...request, ...changes })).toBe(0);
    },
  );
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
      const { chat } = await createUsed(reply);

      expect(await rewindTo(chat, 2)).toBe(false);
    },
  );
});

test('a turn is over when its own result came, whatever came before', async () => {
  const { chat, exit } = createFakeChat({ said: [messageStart(), result(), messageStart()] });
  chat.begun = 1;
  expect(await settle(chat)).toBe(true);

  chat.begun = 2;
  exit('it died');
  expect(await settle(chat)).toBe(false);
});

import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { translate } from '../canned-run.ts';

const toConversation = (messages: readonly object[], system?: unknown) => {
  const body = { model: 'sonnet', max_tokens: 100, messages, system };
  const { instructions, messages: turns } = translate(anthropicMessages, body).request;
  return { instructions, turns };
};

const CACHED = { cache_control: { type: 'ephemeral' } };
const text = (said: string) => ({ type: 'text', text: said });
const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const toUserParts = (content: unknown) => toConversation([user(content)]).turns[0]?.parts;

test('every role keeps its place; system text goes in front, in order', () => {
  const said = [
    user('U1'),
    assistant('A1'),
    { role: 'system', content: [text('S2')] },
    user([{ ...text('U2'), ...CACHED }]),
  ];
  expect(toConversation(said, [{ ...text('S0'), ...CACHED }, text('S1')])).toEqual({
    instructions: ['S0', 'S1', 'S2'],
    turns: [
      { role: 'user', parts: [text('U1')] },
      { role: 'assistant', parts: [text('A1')] },
      { role: 'user', parts: [text('U2')] },
    ],
  });
});

test.for([
  ['a string', 'S', ['S']],
  ['blank', ' ', []],
  ["the CLI's own header", [text('x-anthropic-billing-header: cc=1'), text('S')], ['S']],
  ['null', null, []],
] as const)('system: %s', ([, system, instructions]) => {
  expect(toConversation([user('Hi')], system).instructions).toEqual(instructions);
});

/** Each part says where it stood, so that a later complaint can name it. */
test.for([
  [
    'an inline image',
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' }, ...CACHED },
    { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
  ],
  [
    'an image by address',
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
    { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
  ],
  [
    'an inline document',
    {
      type: 'document',
      title: 'a.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' },
    },
    {
      type: 'document',
      title: 'a.pdf',
      source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' },
    },
  ],
  [
    'a plain text document',
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'grüß' } },
    { type: 'document', title: undefined, source: { kind: 'text', text: 'grüß' } },
  ],
  [
    'a document by address',
    { type: 'document', title: null, source: { type: 'url', url: 'https://example.com/a.pdf' } },
    {
      type: 'document',
      title: undefined,
      source: { kind: 'url', url: 'https://example.com/a.pdf' },
    },
  ],
] as const)('a user block: %s', ([, block, part]) => {
  expect(toUserParts([block])).toEqual([{ ...part, path: 'messages.0.content.0.source' }]);
});

test('tool calls and their results keep ids, order, and whether they failed', () => {
  const { turns } = toConversation([
    user('q'),
    assistant([
      text('Let me see.'),
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
      { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} },
    ]),
    user([
      { type: 'tool_result', tool_use_id: 'toolu_2', content: 'two', is_error: true, ...CACHED },
      {
        type: 'tool_result',
        tool_use_id: 'toolu_1',
        content: [
          text('one'),
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
        ],
      },
      text('go on'),
    ]),
  ]);
  expect(turns.slice(1)).toEqual([
    {
      role: 'assistant',
      parts: [
        text('Let me see.'),
        { type: 'tool-call', id: 'toolu_1', name: 'f', input: { a: 1 } },
        { type: 'tool-call', id: 'toolu_2', name: 'g', input: {} },
      ],
    },
    {
      role: 'user',
      parts: [
        { type: 'tool-result', callId: 'toolu_2', content: [text('two')], isError: true },
        {
          type: 'tool-result',
          callId: 'toolu_1',
          content: [
            text('one'),
            expect.objectContaining({
              type: 'image',
              path: 'messages.2.content.1.content.1.source',
            }),
          ],
          isError: false,
        },
        text('go on'),
      ],
    },
  ]);
});

test.for([undefined, '', [], [text(' ')]])(
  'a tool that says nothing has a result without text: %j',
  (content) => {
    const { turns } = toConversation([
      user('q'),
      assistant([{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }]),
      user([{ type: 'tool_result', tool_use_id: 'toolu_1', content }]),
    ]);
    expect(turns.at(-1)?.parts).toEqual([
      { type: 'tool-result', callId: 'toolu_1', content: [], isError: false },
    ]);
  },
);

test('thinking keeps its signature, and what only the API can read stays', () => {
  const { turns } = toConversation([
    user('q'),
    assistant([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'c2VjcmV0' },
      text('Yes.'),
    ]),
    user('Sure?'),
  ]);
  expect(turns[1]?.parts).toEqual([
    { type: 'reasoning', text: 'Hm.', signature: 'c2ln' },
    { type: 'redacted-reasoning', data: 'c2VjcmV0' },
    text('Yes.'),
  ]);
});

test('the assistant may begin', () => {
  expect(toConversation([assistant('Welcome!'), user('q')]).turns[0]).toEqual({
    role: 'assistant',
    parts: [text('Welcome!')],
  });
});

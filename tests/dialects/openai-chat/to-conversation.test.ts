import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { translate } from '../canned-run.ts';

const toConversation = (messages: readonly object[]) => {
  const { instructions, messages: turns } = translate(openaiChat, {
    model: 'sonnet',
    messages,
  }).request;
  return { instructions, turns };
};

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown, fields: object = {}) => ({
  role: 'assistant',
  content,
  ...fields,
});
const text = (said: string) => ({ type: 'text', text: said });
const toolCall = (id: string, json: string) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: json },
});

test('every role keeps its place; system and developer text goes in front, in order', () => {
  const said = [
    { role: 'system', content: 'S1' },
    user('U1'),
    assistant('A1'),
    { role: 'developer', content: [text('S2'), text('…')] },
    { role: 'user', name: 'ann', content: 'U2' },
  ];
  expect(toConversation(said)).toEqual({
    instructions: ['S1', 'S2…'],
    turns: [
      { role: 'user', parts: [text('U1')] },
      { role: 'assistant', parts: [text('A1')] },
      { role: 'user', parts: [text('U2')] },
    ],
  });
});

test.for([
  ['text', text('a'), text('a')],
  [
    'an image by address',
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
    {
      type: 'image',
      source: { kind: 'url', url: 'https://example.com/a.png' },
      path: 'messages.0.content.0.image_url.url',
    },
  ],
  [
    'an inline image',
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
    {
      type: 'image',
      source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' },
      path: 'messages.0.content.0.image_url.url',
    },
  ],
  [
    'a file',
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
    {
      type: 'document',
      title: 'a.pdf',
      source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' },
      path: 'messages.0.content.0.file.file_data',
    },
  ],
  [
    'a text file, which the API takes as text only',
    { type: 'file', file: { filename: 'a.txt', file_data: 'data:text/plain;base64,Z3LDvMOf' } },
    {
      type: 'document',
      title: 'a.txt',
      source: { kind: 'text', text: 'grüß' },
      path: 'messages.0.content.0.file.file_data',
    },
  ],
] as const)('a user part, which says where it stood: %s', ([, part, expected]) => {
  expect(toConversation([user([part])]).turns).toEqual([{ role: 'user', parts: [expected] }]);
});

test('tool calls and their results pair by id', () => {
  const calls = [toolCall('c1', '{"a":1}'), toolCall('c2', '')];
  const { turns } = toConversation([
    user('q'),
    assistant(null, { tool_calls: calls }),
    { role: 'tool', tool_call_id: 'c2', content: 'two' },
    { role: 'tool', tool_call_id: 'c1', content: [text('o'), text('ne')] },
    user('go on'),
  ]);
  const toResult = (callId: string, said: string) => ({
    type: 'tool-result',
    callId,
    content: [text(said)],
    isError: false,
  });
  expect(turns.slice(1)).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'tool-call', id: 'c1', name: 'f', input: { a: 1 } },
        { type: 'tool-call', id: 'c2', name: 'f', input: {} },
      ],
    },
    { role: 'user', parts: [toResult('c2', 'two'), toResult('c1', 'one'), text('go on')] },
  ]);
});

test('a tool that says nothing has a result without text, since the API refuses blank text', () => {
  const { turns } = toConversation([
    user('q'),
    assistant('', { tool_calls: [toolCall('c1', '{}')] }),
    { role: 'tool', tool_call_id: 'c1', content: ' \n' },
  ]);
  expect(turns.at(-1)?.parts).toEqual([
    { type: 'tool-result', callId: 'c1', content: [], isError: false },
  ]);
});

test('the functions of old, which have no ids, are calls with their results', () => {
  const { turns } = toConversation([
    user('q'),
    assistant(null, { function_call: { name: 'f', arguments: '{"a":1}' } }),
    { role: 'function', name: 'f', content: 'one' },
    assistant(null, { function_call: { name: 'f', arguments: '{"a":2}' } }),
    { role: 'function', name: 'f', content: null },
  ]);
  expect(turns.slice(1)).toEqual([
    {
      role: 'assistant',
      parts: [{ type: 'tool-call', id: 'function_1', name: 'f', input: { a: 1 } }],
    },
    {
      role: 'user',
      parts: [
        { type: 'tool-result', callId: 'function_1', content: [text('one')], isError: false },
      ],
    },
    {
      role: 'assistant',
      parts: [{ type: 'tool-call', id: 'function_3', name: 'f', input: { a: 2 } }],
    },
    {
      role: 'user',
      parts: [{ type: 'tool-result', callId: 'function_3', content: [], isError: false }],
    },
  ]);
});

test.for([
  ['a string', 'no', undefined],
  ['parts', [{ type: 'refusal', refusal: 'no' }], undefined],
  ['the field of its own', null, 'no'],
])('an earlier refusal, as %s, is what the assistant said', ([, content, refusal]) => {
  const { turns } = toConversation([user('q'), assistant(content, { refusal }), user('why?')]);
  expect(turns[1]).toEqual({ role: 'assistant', parts: [text('no')] });
});

test('nothing but instructions is a prompt', () => {
  expect(toConversation([{ role: 'system', content: 'Say hello.' }])).toEqual({
    instructions: [],
    turns: [{ role: 'user', parts: [text('Say hello.')] }],
  });
});

test('blank system text is left out', () => {
  expect(toConversation([{ role: 'system', content: ' ' }, user('q')]).instructions).toEqual([]);
});

test('the assistant may begin', () => {
  expect(toConversation([assistant('Welcome!'), user('q')]).turns).toEqual([
    { role: 'assistant', parts: [text('Welcome!')] },
    { role: 'user', parts: [text('q')] },
  ]);
});

import type OpenAI from 'openai';
import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { complaintOf } from '../complaint.ts';
import { answerStreamed, answerWhole, call, cannedRun, translate } from '../canned-run.ts';

const format = {
  type: 'grammar',
  grammar: { syntax: 'lark', definition: 'start: "a"+' },
} as const;
const tools: OpenAI.Chat.ChatCompletionTool[] = [
  { type: 'custom', custom: { name: 'apply', description: 'Applies.', format } },
  { type: 'function', function: { name: 'f' } },
];
const question = { role: 'user', content: 'Hi' };
const BODY = { model: 'sonnet', messages: [question], tools };

const run = () =>
  cannedRun([call('toolu_1', 'apply', '{"input": "a\\', 'nb \\"c\\""}'), call('toolu_2', 'f')], {
    finish: 'tool-calls',
  });

const CALLS = [
  { id: 'toolu_1', type: 'custom', custom: { name: 'apply', input: 'a\nb "c"' } },
  { id: 'toolu_2', type: 'function', function: { name: 'f', arguments: '{}' } },
];

test('a tool with a text argument is offered as a function, its grammar told and named', () => {
  const { request, ignored } = translate(openaiChat, BODY);
  expect(request.tools).toMatchObject([
    {
      name: 'apply',
      description: 'Applies.\n\nThe text in "input" must match this grammar (lark):\n\nstart: "a"+',
      inputSchema: { required: ['input'] },
    },
    { name: 'f' },
  ]);
  expect(ignored).toEqual(['tools.0.custom.format']);
});

test('its calls hold the text, whole and in a history', async () => {
  const answer = (await answerWhole(openaiChat, BODY, run())) as OpenAI.Chat.ChatCompletion;
  const message = answer.choices[0]?.message;
  expect(message?.tool_calls).toEqual(CALLS);
  const results = CALLS.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'ok' }));
  const messages = [question, message, ...results];
  expect(translate(openaiChat, { ...BODY, messages }).request.messages[1]?.parts).toEqual([
    { type: 'tool-call', id: 'toolu_1', name: 'apply', input: { input: 'a\nb "c"' } },
    { type: 'tool-call', id: 'toolu_2', name: 'f', input: {} },
  ]);
});

test('and streamed, in pieces', async () => {
  const messages = await answerStreamed(openaiChat, { ...BODY, stream: true }, run());
  const chunks = messages
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => JSON.parse(data) as OpenAI.Chat.ChatCompletionChunk);
  expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toEqual([
    { index: 0, id: 'toolu_1', type: 'custom', custom: { name: 'apply', input: '' } },
    { index: 0, custom: { input: 'a' } },
    { index: 0, custom: { input: '\nb "c"' } },
    { index: 1, id: 'toolu_2', type: 'function', function: { name: 'f', arguments: '' } },
    { index: 1, function: { arguments: '{}' } },
  ]);
});

test('it can be chosen, or be among the allowed ones', () => {
  const chosen = { type: 'custom', custom: { name: 'apply' } };
  expect(translate(openaiChat, { ...BODY, tool_choice: chosen }).request.toolChoice).toEqual({
    type: 'tool',
    name: 'apply',
  });
  const tool_choice = {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [chosen] },
  };
  const { tools: allowed } = translate(openaiChat, { ...BODY, tool_choice }).request;
  expect(allowed.map(({ name }) => name)).toEqual(['apply']);
});

test.for([
  ['tools.0.custom.name', { type: 'custom', custom: {} }],
  ['tools.0.custom.name', { type: 'custom', custom: { name: 'a b' } }],
  ['tools.0.type', { type: 'web_search' }],
])('names %s of %j', async ([param, tool]) => {
  const body = { ...BODY, tools: [tool] };
  expect(await complaintOf(openaiChat, body)).toMatchObject({ code: 'invalid-request', param });
});

import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import type { RunRequest } from '../../../src/run.ts';
import { createTestApp, post } from '../../support/create-test-app.ts';
import { call, cannedRun } from '../canned-run.ts';

const PATH = '/v1/chat/completions';
const LOOK = { name: 'look', description: 'Looks.', parameters: { type: 'object' } };
const BODY = {
  model: 'sonnet',
  functions: [LOOK],
  messages: [{ role: 'user', content: 'Look.' }],
};

type Chunk = { choices: { delta: { function_call?: object } }[] };

/** What a body asks of the model, and how the call is told. */
async function ask(more: object = {}) {
  const asked: RunRequest[] = [];
  const app = createTestApp({
    run: (request) => {
      asked.push(request);
      return cannedRun([call('toolu_1', 'look', '{"at":', '"it"}')], { finish: 'tool-calls' });
    },
  });
  const response = await post(app, PATH, { ...BODY, ...more });
  expect(response.headers.get('x-ignored-params')).toBeNull();
  return { request: asked[0], text: await response.text() };
}

test('functions are tools, called one at a time, and the call is a function call', async () => {
  const { request, text } = await ask();
  expect(request?.tools).toMatchObject([{ name: 'look', description: 'Looks.' }]);
  expect(request?.parallelToolCalls).toBe(false);
  expect(JSON.parse(text)).toMatchObject({
    choices: [
      {
        message: { content: null, function_call: { name: 'look', arguments: '{"at":"it"}' } },
        finish_reason: 'function_call',
      },
    ],
  });
  expect(text).not.toContain('tool_calls');
});

test('streamed, its arguments come piece by piece', async () => {
  const { text } = await ask({ stream: true });
  const choices = Array.from(
    text.matchAll(/^data: (\{.*)$/gm),
    ([, json]) => (JSON.parse(String(json)) as Chunk).choices[0],
  );
  expect(choices.map((choice) => choice?.delta.function_call).filter(Boolean)).toEqual([
    { name: 'look', arguments: '' },
    { arguments: '{"at":' },
    { arguments: '"it"}' },
  ]);
  expect(choices.at(-1)).toMatchObject({ delta: {}, finish_reason: 'function_call' });
});

test.each([
  ['none', { type: 'none' }],
  ['auto', { type: 'auto' }],
  [{ name: 'look' }, { type: 'tool', name: 'look' }],
])('function_call %j', async (choice, toolChoice) => {
  expect((await ask({ function_call: choice })).request?.toolChoice).toEqual(toolChoice);
});

test('beside tools, functions are left out, and the call is a tool call', async () => {
  const body = { ...BODY, tools: [{ type: 'function', function: LOOK }] };
  const parsed = openaiChat.body.parse(body);
  const { request } = openaiChat.toRunRequest(parsed, {
    keyId: 'key-a',
    user: undefined,
    requestId: 'req_1',
  });
  expect(request.tools).toHaveLength(1);
});

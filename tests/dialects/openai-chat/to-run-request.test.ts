import { describe, expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { BARE_REQUEST, translate } from '../canned-run.ts';

const toRunRequest = (fields: object) =>
  translate(openaiChat, {
    model: 'sonnet',
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });

const toRequest = (fields: object) => toRunRequest(fields).request;

test('the least there is leaves everything to the model', () => {
  expect(toRunRequest({})).toEqual({
    request: BARE_REQUEST,
    isStream: false,
    ignored: [],
  });
});

test.for([
  [{ temperature: 0 }, { temperature: 0 }],
  [{ temperature: 0.4 }, { temperature: 0.4 }],
  [{ temperature: 1.7 }, { temperature: 1 }],
  [{ top_p: 0.3 }, { topP: 0.3 }],
  [{ stop: 'END' }, { stop: ['END'] }],
  [{ stop: ['A', 'B'] }, { stop: ['A', 'B'] }],
  [{ max_tokens: 7 }, { maxOutputTokens: 7 }],
  [{ max_completion_tokens: 8 }, { maxOutputTokens: 8 }],
  [{ max_tokens: 7, max_completion_tokens: 8 }, { maxOutputTokens: 8 }],
  [{ temperature: null, top_p: null, stop: null, max_tokens: null }, {}],
] as const)('%j samples as %j', ([fields, sampling]) => {
  expect(toRequest(fields).sampling).toEqual(sampling);
});

test.for([
  ['none', { type: 'off' }, undefined],
  ['minimal', { type: 'adaptive' }, 'low'],
  ['low', { type: 'adaptive' }, 'low'],
  ['medium', { type: 'adaptive' }, 'medium'],
  ['high', { type: 'adaptive' }, 'high'],
  ['xhigh', { type: 'adaptive' }, 'xhigh'],
  ['max', { type: 'adaptive' }, 'max'],
  [null, { type: 'default' }, undefined],
] as const)('reasoning_effort %j', ([reasoning_effort, thinking, effort]) => {
  expect(toRequest({ reasoning_effort })).toMatchObject({ thinking, effort });
});

describe('tools', () => {
  test('pass with their schema as it came, and without one take nothing', () => {
    const parameters = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: {} };
    const tools = [
      { type: 'function', function: { name: 'f', description: 'does', parameters, strict: true } },
      { type: 'function', function: { name: 'g' } },
    ];
    expect(toRequest({ tools }).tools).toEqual([
      {
        name: 'f',
        description: 'does',
        inputSchema: parameters,
        isStrict: true,
        path: 'tools.0.function.parameters',
      },
      {
        name: 'g',
        description: undefined,
        inputSchema: { type: 'object', properties: {} },
        path: 'tools.1.function.parameters',
      },
    ]);
  });

  test.for([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'tool', name: 'f' },
    ],
    [null, { type: 'auto' }],
  ] as const)('tool_choice %j', ([tool_choice, toolChoice]) => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    expect(toRequest({ tool_choice, tools }).toolChoice).toEqual(toolChoice);
  });

  test('parallel_tool_calls: false is heard', () => {
    expect(toRequest({ parallel_tool_calls: false }).parallelToolCalls).toBe(false);
  });
});

test.for([
  [{ type: 'text' }, { type: 'text' }],
  [{ type: 'json_object' }, { type: 'json', schema: undefined }],
  [
    { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object' } } },
    { type: 'json', schema: { type: 'object' }, path: 'response_format' },
  ],
] as const)('response_format %j', ([response_format, output]) => {
  expect(toRequest({ response_format }).output).toEqual(output);
});

test('stream and user are read; the key stays who it is', () => {
  const { request, isStream } = toRunRequest({ stream: true, user: 'ann' });
  expect(isStream).toBe(true);
  expect(request.caller).toEqual({ keyId: 'key-a', user: 'ann', requestId: 'req_1' });
});

describe('parameters that cannot be honoured', () => {
  test('are named', () => {
    const asked = {
      seed: 1,
      presence_penalty: 0.5,
      frequency_penalty: 1,
      logit_bias: { 50256: -100 },
      store: true,
      metadata: { a: 'b' },
      service_tier: 'flex',
      verbosity: 'low',
      top_logprobs: 3,
      safety_identifier: 's',
      prompt_cache_key: 'k',
      prediction: { type: 'content', content: 'x' },
      web_search_options: {},
      audio: { voice: 'x', format: 'wav' },
      something_new: 1,
    };
    expect(toRunRequest(asked).ignored).toEqual(Object.keys(asked));
  });

  test('are not named when their value asks for nothing', () => {
    const neutral = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      logit_bias: {},
      modalities: ['text'],
      store: false,
      service_tier: 'auto',
      verbosity: 'medium',
      metadata: {},
      seed: null,
      something_new: null,
      stream_options: { include_usage: true },
    };
    expect(toRunRequest(neutral).ignored).toEqual([]);
  });

  test('are not named when the name would not fit into a header', () => {
    const ignored = toRunRequest({ 'a\r\nset-cookie: x': 1, ['x'.repeat(65)]: 1, ünï: 1 }).ignored;
    expect(ignored).toEqual([]);
  });
});

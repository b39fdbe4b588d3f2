import { describe, expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { BARE_REQUEST, translate } from '../canned-run.ts';

const toRunRequest = (fields: object) =>
  translate(openaiResponses, { model: 'sonnet', input: 'Hi', ...fields });

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
  [{ temperature: 1.7 }, { temperature: 1 }],
  [{ top_p: 0.3 }, { topP: 0.3 }],
  [{ max_output_tokens: 7 }, { maxOutputTokens: 7 }],
  [{ temperature: null, top_p: null, max_output_tokens: null }, {}],
] as const)('%j samples as %j', ([fields, sampling]) => {
  expect(toRequest(fields).sampling).toEqual(sampling);
});

test.for([
  [{ effort: 'none' }, { type: 'off' }, undefined],
  [{ effort: 'minimal' }, { type: 'adaptive' }, 'low'],
  [{ effort: 'xhigh', summary: 'auto' }, { type: 'adaptive' }, 'xhigh'],
  [{ summary: 'auto' }, { type: 'default' }, undefined],
  [null, { type: 'default' }, undefined],
] as const)('reasoning %j', ([reasoning, thinking, effort]) => {
  expect(toRequest({ reasoning })).toMatchObject({ thinking, effort });
});

describe('tools', () => {
  const parameters = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: {} };
  const tools = [
    { type: 'function', name: 'f', description: 'does', parameters, strict: true },
    { type: 'function', name: 'g', strict: null },
  ];

  test('pass with their schema as it came, and without one take nothing', () => {
    expect(toRequest({ tools }).tools).toEqual([
      {
        name: 'f',
        description: 'does',
        inputSchema: parameters,
        isStrict: true,
        path: 'tools.0.parameters',
      },
      {
        name: 'g',
        description: undefined,
        inputSchema: { type: 'object', properties: {} },
        path: 'tools.1.parameters',
      },
    ]);
  });

  test.for([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'required' }],
    [
      { type: 'function', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [null, { type: 'auto' }],
  ] as const)('tool_choice %j', ([tool_choice, toolChoice]) => {
    expect(toRequest({ tools, tool_choice }).toolChoice).toEqual(toolChoice);
  });

  test('allowed_tools leaves only those', () => {
    const allowed = [{ type: 'function', name: 'g' }];
    const tool_choice = { type: 'allowed_tools', mode: 'required', tools: allowed };
    expect(toRequest({ tools, tool_choice })).toMatchObject({
      tools: [{ name: 'g' }],
      toolChoice: { type: 'required' },
    });
  });

  test('parallel_tool_calls: false is heard', () => {
    expect(toRequest({ parallel_tool_calls: false }).parallelToolCalls).toBe(false);
  });
});

test.for([
  [{ type: 'text' }, { type: 'text' }],
  [{ type: 'json_object' }, { type: 'json', schema: undefined }],
  [
    { type: 'json_schema', name: 'n', strict: true, schema: { type: 'object' } },
    { type: 'json', schema: { type: 'object' }, path: 'text.format' },
  ],
] as const)('text.format %j', ([format, output]) => {
  expect(toRequest({ text: { format } }).output).toEqual(output);
});

test.for([
  [{ user: 'ann' }, 'ann'],
  [{ safety_identifier: 'ben', user: 'ann' }, 'ben'],
] as const)('%j: the user is %s', ([fields, user]) => {
  expect(toRequest(fields).caller).toEqual({ keyId: 'key-a', requestId: 'req_1', user });
});

test('stream is read', () => {
  expect(toRunRequest({ stream: true }).isStream).toBe(true);
});

test('instructions stand before system and developer items', () => {
  const input = [
    { role: 'system', content: 'S' },
    { role: 'user', content: 'U' },
    { role: 'developer', content: [{ type: 'input_text', text: 'D' }] },
  ];
  expect(toRequest({ instructions: 'I', input })).toMatchObject({
    instructions: ['I', 'S', 'D'],
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'U' }] }],
  });
});

test('what asks for something that cannot be done is named, what asks for nothing is not', () => {
  const asking = {
    temperature: 1.2,
    truncation: 'auto',
    service_tier: 'flex',
    moderation: {},
    something_new: 1,
  };
  expect(toRunRequest(asking).ignored).toEqual([
    'temperature',
    'truncation',
    'service_tier',
    'moderation',
    'something_new',
  ]);
  const neutral = {
    temperature: 1,
    truncation: 'disabled',
    service_tier: 'auto',
    top_logprobs: 0,
    store: false,
  };
  const hints = { max_tool_calls: 3, metadata: { a: 'b' } };
  expect(toRunRequest({ ...neutral, ...hints }).ignored).toEqual([]);
});

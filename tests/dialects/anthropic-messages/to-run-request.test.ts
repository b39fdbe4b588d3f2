import { describe, expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { BARE_REQUEST, translate } from '../canned-run.ts';

const toRunRequest = (fields: object) =>
  translate(anthropicMessages, {
    model: 'sonnet',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }],
    ...fields,
  });

const toRequest = (fields: object) => toRunRequest(fields).request;

test('the least there is leaves everything to the model', () => {
  expect(toRunRequest({})).toEqual({
    request: { ...BARE_REQUEST, sampling: { maxOutputTokens: 100 } },
    isStream: false,
    ignored: [],
  });
});

test('sampling passes as it is', () => {
  const fields = { temperature: 0, top_p: 0.5, top_k: 3, stop_sequences: ['A', 'B'] };
  expect(toRequest(fields).sampling).toEqual({
    temperature: 0,
    topP: 0.5,
    topK: 3,
    stop: ['A', 'B'],
    maxOutputTokens: 100,
  });
});

test.for([
  [
    { type: 'enabled', budget_tokens: 2048 },
    { type: 'budget', tokens: 2048 },
  ],
  [
    { type: 'adaptive', display: 'omitted' },
    { type: 'adaptive', display: 'omitted' },
  ],
  [{ type: 'disabled' }, { type: 'off' }],
  [null, { type: 'default' }],
] as const)('thinking %j', ([thinking, expected]) => {
  expect(toRequest({ thinking }).thinking).toEqual(expected);
});

test.for(['low', 'medium', 'high', 'xhigh', 'max'])('effort %s', (effort) => {
  expect(toRequest({ output_config: { effort } }).effort).toBe(effort);
});

const FORMAT = { type: 'json_schema', schema: { type: 'object' } };

test.for([
  ['output_config.format.schema', { output_config: { format: FORMAT } }],
  ['output_format.schema', { output_format: FORMAT }],
] as const)('%s wants JSON', ([path, fields]) => {
  expect(toRequest(fields).output).toEqual({ type: 'json', schema: { type: 'object' }, path });
});

describe('tools', () => {
  test('pass with their schema as it came, whatever else stands beside it', () => {
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: {} };
    const tools = [
      { type: 'custom', name: 'f', description: 'does', input_schema: schema, strict: true },
      {
        name: 'g',
        input_schema: { type: 'object' },
        cache_control: { type: 'ephemeral' },
        eager_input_streaming: true,
        defer_loading: false,
        input_examples: [{}],
      },
    ];
    expect(toRequest({ tools }).tools).toEqual([
      {
        name: 'f',
        description: 'does',
        inputSchema: schema,
        isStrict: true,
        path: 'tools.0.input_schema',
      },
      {
        name: 'g',
        description: undefined,
        inputSchema: { type: 'object' },
        path: 'tools.1.input_schema',
      },
    ]);
  });

  const tools = [{ name: 'f', input_schema: { type: 'object' } }];

  test.for([
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'any' }, { type: 'required' }],
    [{ type: 'none' }, { type: 'none' }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [null, { type: 'auto' }],
  ] as const)('tool_choice %j', ([tool_choice, toolChoice]) => {
    expect(toRequest({ tool_choice, tools }).toolChoice).toEqual(toolChoice);
  });

  test.for(['auto', 'any'])('%s with disable_parallel_tool_use is heard', (type) => {
    const tool_choice = { type, disable_parallel_tool_use: true };
    expect(toRequest({ tool_choice, tools }).parallelToolCalls).toBe(false);
    expect(toRequest({ tool_choice: { type }, tools }).parallelToolCalls).toBe(true);
  });
});

test('stream and the user id are read; the key stays who it is', () => {
  const { request, isStream } = toRunRequest({ stream: true, metadata: { user_id: 'ann' } });
  expect(isStream).toBe(true);
  expect(request.caller).toEqual({ keyId: 'key-a', user: 'ann', requestId: 'req_1' });
});

test('the service tier passes', () => {
  expect(toRequest({ service_tier: 'standard_only' }).serviceTier).toBe('standard_only');
});

test('parameters that cannot be honoured are named', () => {
  const asked = {
    container: 'c',
    mcp_servers: [{ type: 'url' }],
    context_management: {},
    something_new: 1,
  };
  expect(toRunRequest(asked).ignored).toEqual(Object.keys(asked));
});

test('parameters are not named when their value asks for nothing', () => {
  const neutral = { stream_options: {}, container: null, thread: null, top_k: null };
  expect(toRunRequest(neutral).ignored).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { RULES, toVerdict } from '../../src/demo/rules.ts';

const HEADERS = { 'x-api-key': 'any', 'anthropic-version': '2023-06-01' };
const USER = { role: 'user', content: 'hello' };
const SCHEMA = { type: 'object', properties: {} };
const TOOL = { name: 'get_time', input_schema: SCHEMA };
const ADAPTIVE = { thinking: { type: 'adaptive' } };
const CLEAR_THINKING = { context_management: { edits: [{ type: 'clear_thinking_20251015' }] } };
const MARKED = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };

const call = (...ids: string[]) => ({
  role: 'assistant',
  content: ids.map((id) => ({ type: 'tool_use', id, name: 'get_time', input: {} })),
});
const results = (...ids: string[]) => ({
  role: 'user',
  content: ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: 'noon' })),
});
const said = (...content: unknown[]) => ({ messages: [{ role: 'user', content }] });
const talk = (...messages: unknown[]) => ({ messages: [USER, ...messages] });
const image = (mediaType: string) => ({
  type: 'image',
  source: { type: 'base64', media_type: mediaType, data: 'AAAA' },
});
const budget = (tokens: number) => ({ thinking: { type: 'enabled', budget_tokens: tokens } });

type Case = { refused: object; passes: object; says: string };

/** What each rule refuses, beside the nearest request that passes. */
const CASES = {
  modelUnknown: {
    refused: { model: 'gpt-4o' },
    passes: { model: 'claude-anything' },
    says: 'model: gpt-4o',
  },
  maxTokensMissing: {
    refused: { max_tokens: undefined },
    passes: { max_tokens: 1 },
    says: 'max_tokens: Field required',
  },
  maxTokensInvalid: {
    refused: { max_tokens: 0 },
    passes: { max_tokens: 1 },
    says: 'max_tokens: Input should be greater than or equal to 1',
  },
  temperatureRange: {
    refused: { temperature: 1.5 },
    passes: { temperature: 0 },
    says: 'temperature: range: 0..1',
  },
  temperatureWithTopP: {
    refused: { temperature: 0.5, top_p: 0.5 },
    passes: { top_p: 0.5 },
    says: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
  },
  samplingDeprecated: {
    refused: { model: 'claude-demo-strict', top_k: 5 },
    passes: { model: 'claude-demo-strict' },
    says: '`top_k` is deprecated for this model.',
  },
  cacheMarks: {
    refused: { system: [MARKED, MARKED], ...said(MARKED, MARKED, MARKED) },
    passes: { system: [MARKED, MARKED], ...said(MARKED, MARKED) },
    says: 'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  },
  promptTooLong: {
    refused: { model: 'claude-demo-small', ...said({ type: 'text', text: 'x'.repeat(8000) }) },
    passes: { model: 'claude-demo-small', ...said({ type: 'text', text: 'x'.repeat(7000) }) },
    says: 'prompt is too long: 2017 tokens > 2000 maximum',
  },
  messagesEmpty: {
    refused: { messages: [] },
    passes: talk(),
    says: 'messages: at least one message is required',
  },
  contentEmpty: {
    refused: { messages: [{ role: 'user', content: [] }] },
    passes: talk(),
    says: 'messages.0: user messages must have non-empty content',
  },
  textEmpty: {
    refused: said({ type: 'text', text: 'a' }, { type: 'text', text: '' }),
    passes: said({ type: 'text', text: 'a' }),
    says: 'messages: text content blocks must be non-empty',
  },
  textBlank: {
    refused: { messages: [{ role: 'user', content: ' \n' }] },
    passes: { messages: [{ role: 'user', content: ' a\n' }] },
    says: 'messages: text content blocks must contain non-whitespace text',
  },
  imageType: {
    refused: said(image('image/svg+xml')),
    passes: said(image('image/png')),
    says: "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
  },
  imageRole: {
    refused: talk({ role: 'assistant', content: [image('image/png')] }, USER),
    passes: said(image('image/png')),
    says: 'messages.1.content.0: `image` blocks are only permitted in user messages',
  },
  thinkingSignature: {
    refused: talk({ role: 'assistant', content: [{ type: 'thinking', thinking: 'x' }] }, USER),
    passes: talk(
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'y' }] },
      USER,
    ),
    says: 'messages.1.content.0.thinking.signature: Field required',
  },
  prefill: {
    refused: talk({ role: 'assistant', content: 'I' }, { role: 'system', content: 'env' }),
    passes: talk({ role: 'assistant', content: 'I' }, USER, { role: 'system', content: 'env' }),
    says: 'This model does not support assistant message prefill. The conversation must end with a user message.',
  },
  thinkingTemperature: {
    refused: { ...ADAPTIVE, temperature: 0.2 },
    passes: { ...ADAPTIVE, temperature: 1 },
    says: '`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.',
  },
  thinkingTopP: {
    refused: { ...ADAPTIVE, top_p: 0.5 },
    passes: { ...ADAPTIVE, top_p: 0.95 },
    says: '`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode.',
  },
  thinkingTopK: {
    refused: { ...ADAPTIVE, top_k: 3 },
    passes: { thinking: { type: 'disabled' }, top_k: 3 },
    says: '`top_k` must be unset when thinking is enabled.',
  },
  thinkingForcedTool: {
    refused: { ...ADAPTIVE, tools: [TOOL], tool_choice: { type: 'any' } },
    passes: { ...ADAPTIVE, tools: [TOOL], tool_choice: { type: 'auto' } },
    says: 'Thinking may not be enabled when tool_choice forces tool use.',
  },
  clearThinkingWithoutThinking: {
    refused: CLEAR_THINKING,
    passes: { ...CLEAR_THINKING, ...ADAPTIVE },
    says: '`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive',
  },
  thinkingType: {
    refused: { thinking: { type: 'on' } },
    passes: { thinking: { type: 'disabled' } },
    says: "thinking: Input tag 'on' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'",
  },
  budgetMinimum: {
    refused: { ...budget(1023), max_tokens: 2000 },
    passes: { ...budget(1024), max_tokens: 2000 },
    says: 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024',
  },
  budgetBelowMaxTokens: {
    refused: { ...budget(2000), max_tokens: 2000 },
    passes: { ...budget(2000), max_tokens: 2001 },
    says: '`max_tokens` must be greater than `thinking.budget_tokens`.',
  },
  toolName: {
    refused: { tools: [{ ...TOOL, name: 'get time' }] },
    passes: { tools: [{ ...TOOL, name: 'get.time-1' }] },
    says: "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_.-]{1,128}$'",
  },
  toolNamesUnique: {
    refused: { tools: [TOOL, TOOL] },
    passes: { tools: [TOOL, { ...TOOL, name: 'other' }] },
    says: 'tools: Tool names must be unique.',
  },
  toolSchemaObject: {
    refused: { tools: [{ ...TOOL, input_schema: { properties: {} } }] },
    passes: { tools: [TOOL, { type: 'web_search_20250305', name: 'web_search' }] },
    says: 'tools.0.custom.input_schema.type: Field required',
  },
  toolSchemaKeys: {
    refused: { tools: [{ ...TOOL, input_schema: { type: 'object', properties: { $top: {} } } }] },
    passes: {
      tools: [
        {
          ...TOOL,
          input_schema: { type: 'object', properties: { a: { properties: { $b: {} } } } },
        },
      ],
    },
    says: "tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
  },
  toolSchemaDraft: {
    refused: { tools: [{ ...TOOL, input_schema: { type: 'object', title: null } }] },
    passes: {
      tools: [
        {
          ...TOOL,
          input_schema: {
            $schema: 'http://json-schema.org/draft-07/schema#',
            type: 'object',
            properties: { a: { items: [{}] } },
          },
        },
      ],
    },
    says: 'tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use.',
  },
  toolSchemaUnion: {
    refused: { tools: [{ ...TOOL, input_schema: { ...SCHEMA, anyOf: [{}] } }] },
    passes: {
      tools: [{ ...TOOL, input_schema: { type: 'object', properties: { a: { anyOf: [{}] } } } }],
    },
    says: 'tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level',
  },
  toolChoiceType: {
    refused: { tools: [TOOL], tool_choice: { type: 'required' } },
    passes: { tools: [TOOL], tool_choice: { type: 'any' } },
    says: "tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
  },
  toolChoiceWithoutTools: {
    refused: { tool_choice: { type: 'auto' } },
    passes: { tools: [TOOL], tool_choice: { type: 'auto' } },
    says: 'tool_choice may only be specified while providing tools.',
  },
  toolChoiceUnknown: {
    refused: { tools: [TOOL], tool_choice: { type: 'tool', name: 'other' } },
    passes: { tools: [TOOL], tool_choice: { type: 'tool', name: 'get_time' } },
    says: "Tool 'other' not found in provided tools",
  },
  toolUseUnanswered: {
    refused: talk(call('a', 'b'), results('a')),
    passes: talk(call('a', 'b'), results('b'), { role: 'system', content: 'env' }, results('a')),
    says: 'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: b. Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
  },
  toolResultOrphaned: {
    refused: talk(call('a'), results('a'), { role: 'assistant', content: 'ok' }, results('a')),
    passes: talk(call('a'), results('a')),
    says: 'messages.4.content.0: unexpected `tool_use_id` found in `tool_result` blocks: a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
  },
  toolResultTwice: {
    refused: talk(call('a'), results('a', 'a')),
    passes: talk(call('a'), results('a')),
    says: 'messages.2.content: each tool_use must have a single result. Found multiple `tool_result` blocks with id: a',
  },
  toolUseId: {
    refused: talk(call('a.b'), results('a.b')),
    passes: talk(call('a-b'), results('a-b')),
    says: "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
  },
  toolUseTwice: {
    refused: talk(call('a'), results('a'), call('a'), results('a')),
    passes: talk(call('a'), results('a'), call('b'), results('b')),
    says: 'messages: `tool_use` ids must be unique',
  },
  toolResultsFirst: {
    refused: talk(call('a'), { role: 'user', content: 'so:' }, results('a')),
    passes: talk(call('a'), results('a'), { role: 'user', content: 'so:' }),
    says: 'messages.2: `tool_result` blocks must come before all other content of a message.',
  },
} satisfies Record<keyof typeof RULES, Case>;

const BASE = { model: 'claude-sonnet-5', max_tokens: 100, messages: [USER] };
const judge = (change: object, headers: Record<string, string> = HEADERS, isCounting = false) =>
  // As a body arrives: what is undefined is absent.
  toVerdict(headers, JSON.parse(JSON.stringify({ ...BASE, ...change })), isCounting);

describe.each(Object.entries<Case>(CASES))('%s', (_name, { refused, passes, says }) => {
  test('refuses with the words of the API', () => {
    expect(judge(refused)).toMatchObject({
      refusal: { body: { type: 'error', error: { message: expect.stringContaining(says) } } },
    });
  });

  test('lets the nearest good request pass', () => {
    expect(judge(passes)).toHaveProperty('body');
  });
});

test('an unknown model is a 404, anything else that is wrong with a body a 400', () => {
  expect(judge({ model: 'gpt-4o' })).toMatchObject({
    refusal: { status: 404, body: { error: { type: 'not_found_error' } } },
  });
  expect(judge({ max_tokens: 0 })).toMatchObject({
    refusal: { status: 400, body: { error: { type: 'invalid_request_error' } } },
  });
});

test('a key is needed, in either header', () => {
  const version = { 'anthropic-version': '2023-06-01' };
  expect(judge({}, version)).toMatchObject({
    refusal: { status: 401, body: { error: { type: 'authentication_error' } } },
  });
  expect(judge({}, { ...version, authorization: 'Bearer any' })).toHaveProperty('body');
});

test('the version header is needed', () => {
  expect(judge({}, { 'x-api-key': 'any' })).toMatchObject({
    refusal: {
      status: 400,
      body: { error: { message: 'anthropic-version: header is required' } },
    },
  });
});

test.each([
  [{ messages: undefined }, 'messages: Field required'],
  [{ messages: [{ role: 'user' }] }, 'messages.0.content'],
  [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages.0.role'],
  [{ temperature: 'hot' }, 'temperature'],
])('a body of the wrong shape %j is refused by the name of its field', (change, says) => {
  expect(judge(change)).toMatchObject({
    refusal: { status: 400, body: { error: { message: expect.stringContaining(says) } } },
  });
});

test('counting tokens needs no max_tokens', () => {
  expect(judge({ max_tokens: undefined }, HEADERS, true)).toHaveProperty('body');
});

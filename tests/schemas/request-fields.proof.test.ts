import { describe, expect, test } from 'vitest';

import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import { ollamaChat, ollamaGenerate } from '../../src/dialects/ollama/index.ts';
import { openaiChat } from '../../src/dialects/openai-chat/index.ts';
import { openaiCompletions } from '../../src/dialects/openai-completions/index.ts';
import { openaiResponses } from '../../src/dialects/openai-responses/index.ts';
import { RunError } from '../../src/run-error.ts';
import { type FieldSearch, findSilentFields } from './find-silent-fields.ts';
import { createTypeSchemas } from './type-schema.ts';
import {
  toWholeChat,
  toWholeMessagesBody,
  toWholeOllama,
  toWholeResponse,
} from './whole-bodies.ts';

const CALLER = { keyId: 'key-a', user: undefined, requestId: 'req_1' };

const SCHEMA = { type: 'object', properties: { a: {} } };
const WEB = 'https://example.com/a.png';

/** What fields of these names hold in whatever place. */
const VALUES = {
  model: 'opus',
  url: WEB,
  image_url: WEB,
  file_url: WEB,
  file_data: 'data:application/pdf;base64,QUJD',
  data: 'QUJD',
  budget_tokens: 2048,
  parameters: SCHEMA,
  input_schema: SCHEMA,
  schema: SCHEMA,
  arguments: '{"a":1}',
  logit_bias: { '50256': -100 },
};

type Case = {
  declaration: string;
  type: string;
  dialect: Dialect<unknown>;
  toWhole?: (body: Record<string, unknown>) => Record<string, unknown>;
  /** Fields that are to make no difference to the request, and why. */
  silent: Readonly<Record<string, string>>;
};

const OBFUSCATION_ASIDE = { 'stream_options.include_usage': 'honoured in the answer' };

/** Of the Responses API, whose items tell much that is over and done with. */
const RESPONSE = {
  background: 'what the route does',
  store: 'what the route does',
  previous_response_id: 'what the route does',
  max_tool_calls: 'counts hosted tools only',
  'reasoning.summary': 'thinking is always told as far as the API tells it',
  'reasoning.generate_summary': 'the same',
  'text.format.name': 'a label',
  'text.format.strict': 'a schema is always held to',
  ...Object.fromEntries(
    ['content', 'content.*.text', 'encrypted_content', 'summary.*.text'].map((name) => [
      `input.*.${name}`,
      'thinking without the proof that it was the model’s',
    ]),
  ),
  ...Object.fromEntries(
    [
      'caller',
      'caller.caller_id',
      'environment',
      'environment.container_id',
      'environment.skills',
      'environment.skills.*.description',
      'environment.skills.*.name',
      'environment.skills.*.path',
      'execution',
      'fingerprint',
      'id',
      'max_output_length',
      'pending_safety_checks.*.code',
      'pending_safety_checks.*.id',
      'pending_safety_checks.*.message',
      'phase',
      'status',
      'type',
    ].map((name) => [`input.*.${name}`, 'how an earlier item came about']),
  ),
  'input.*.tools.*.defer_loading': 'these have been loaded',
  'input.*.tools.*.tools.*.defer_loading': 'these have been loaded',
};

const MESSAGES = {
  dialect: anthropicMessages,
  type: 'MessageCreateParamsBase',
  toWhole: toWholeMessagesBody,
  silent: {
    'messages.*.content.*.id': 'of a call that Anthropic carried out',
    'messages.*.content.*.content.*.encrypted_content': 'only the API reads it',
    'tools.*.type': 'two dates of one tool',
  },
};

const CASES: readonly Case[] = [
  {
    declaration: 'openai/resources/chat/completions/completions.d.ts',
    type: 'ChatCompletionCreateParamsBase',
    dialect: openaiChat,
    toWhole: toWholeChat,
    silent: {
      ...OBFUSCATION_ASIDE,
      'messages.*.name': 'a function result: the call names the function',
      'response_format.json_schema.name': 'a label',
      'response_format.json_schema.strict': 'a schema is always held to',
    },
  },
  {
    declaration: 'openai/resources/completions.d.ts',
    type: 'CompletionCreateParamsBase',
    dialect: openaiCompletions,
    silent: OBFUSCATION_ASIDE,
  },
  {
    declaration: 'openai/resources/responses/responses.d.ts',
    type: 'ResponseCreateParamsBase',
    dialect: openaiResponses,
    toWhole: toWholeResponse,
    silent: RESPONSE,
  },
  { declaration: '@anthropic-ai/sdk/resources/messages/messages.d.ts', ...MESSAGES },
  {
    ...MESSAGES,
    declaration: '@anthropic-ai/sdk/resources/beta/messages/messages.d.ts',
    silent: {
      ...MESSAGES.silent,
      'messages.*.content.*.content.encrypted_content': 'only the API reads it',
    },
  },
  {
    declaration: '@anthropic-ai/sdk/resources/messages/messages.d.ts',
    ...MESSAGES,
    type: 'MessageCountTokensParams',
  },
  {
    declaration: 'ollama/dist/browser.d.ts',
    type: 'ChatRequest',
    dialect: ollamaChat,
    toWhole: toWholeOllama,
    silent: {},
  },
  {
    declaration: 'ollama/dist/browser.d.ts',
    type: 'GenerateRequest',
    dialect: ollamaGenerate,
    silent: { keep_alive: 'no model is loaded here, so none has to be kept' },
  },
];

/** The CLI sets cache marks of its own; what earlier texts were marked with asks for nothing. */
const MARKS = /(^|\.)(cache_control|citations|annotations|logprobs)(\.(?!enabled)|$)/;

describe('every documented field is honoured, refused or named:', () => {
  test.each(CASES)('$type of $declaration', ({ declaration, type, silent, ...how }) => {
    const { definitions } = createTypeSchemas(declaration)(type);
    const found = findSilentFields({ definitions, type, judge: toJudge(how), values: VALUES });

    expect(found.filter((path) => !MARKS.test(path))).toEqual(Object.keys(silent).toSorted());
  });
});

function toJudge({
  dialect,
  toWhole = (body) => body,
}: Pick<Case, 'dialect' | 'toWhole'>): FieldSearch['judge'] {
  return (body) => {
    const { data, success } = dialect.body.safeParse({ max_tokens: 9, ...toWhole(body) });
    if (!success) return 'refused';
    try {
      const { request, isStream, ignored } = dialect.toRunRequest(data, CALLER);
      const count = dialect.several?.count(data);
      return { named: ignored, request: JSON.stringify([request, isStream, count]) };
    } catch (error) {
      if (isInvalid(error)) return 'refused';
      throw error;
    }
  };
}

function isInvalid(error: unknown) {
  return error instanceof RunError && error.code === 'invalid-request';
}

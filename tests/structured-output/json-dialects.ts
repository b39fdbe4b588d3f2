import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { errorReply, type Reply } from '../../src/demo/replies.ts';
import { CHAT_DIALECTS, type ChatDialect } from '../dialects/chat-dialects.ts';

export type JsonDialect = ChatDialect & {
  /** Asks for JSON of this schema. */
  toFormat: (schema: object) => object;
  /** How a tool without arguments worth mentioning is offered. */
  toTools: (name: string) => object;
  /** The status of an answer that is not what was asked for. */
  failure: { status: number; error: object };
};

const SCHEMA = { type: 'object', properties: { q: { type: 'string' } } };

const EXTRAS: Readonly<Record<string, Pick<JsonDialect, 'toFormat' | 'toTools' | 'failure'>>> = {
  'openai-chat': {
    toFormat: (schema) => ({
      response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } },
    }),
    toTools: (name) => ({
      tools: [{ type: 'function', function: { name, parameters: SCHEMA } }],
    }),
    failure: { status: 500, error: { type: 'server_error' } },
  },
  'anthropic-messages': {
    toFormat: (schema) => ({ output_config: { format: { type: 'json_schema', schema } } }),
    toTools: (name) => ({ tools: [{ name, input_schema: SCHEMA }] }),
    failure: { status: 500, error: { type: 'api_error' } },
  },
};

/** The dialects in which a model can be asked for JSON. */
export const JSON_DIALECTS: readonly JsonDialect[] = CHAT_DIALECTS.flatMap((dialect) => {
  const extras = EXTRAS[dialect.name];
  return extras ? [{ ...dialect, ...extras }] : [];
});

/** A schema that nothing is wrong with, and `{"city":"Bern"}` fits. */
export const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** The API's refusal of an output's schema, for the model to answer with. */
export function refuseSchema(
  sentence = "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
): Reply {
  return errorReply(400, 'invalid_request_error', sentence);
}

/** The schema of the tool through which the CLI has the answer given. */
export function readEnforced({ tools }: MessagesBody): unknown {
  return tools?.find(({ name }) => name === 'StructuredOutput')?.input_schema;
}

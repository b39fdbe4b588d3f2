import type { Api, Dialect } from '../dialect.ts';
import { batchOperations, batchSchemas } from './batch-operations.ts';
import { MessagesBody } from './body.ts';
import { anthropicFailures } from './failures.ts';
import { operations, schemas } from './operations.ts';
import { toAnswer } from './to-answer.ts';
import { toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';
import { trial } from './trial.ts';

/** `POST /v1/messages` */
export const anthropicMessages: Dialect<MessagesBody> = {
  name: 'anthropic-messages',
  path: '/v1/messages',
  body: MessagesBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: {
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    effort: 'output_config.effort',
    thinking: 'thinking',
    toolChoice: 'tool_choice',
    serviceTier: 'service_tier',
  },
  failures: anthropicFailures,
};

/** The Messages API. */
export const messagesApi: Api = {
  paths: ['/v1/messages'],
  failures: anthropicFailures,
  dialects: [anthropicMessages],
  trials: [trial],
  operations: [...operations, ...batchOperations],
  schemas: {
    bodies: { ...schemas.bodies, ...batchSchemas.bodies },
    answers: { ...schemas.answers, ...batchSchemas.answers },
  },
};

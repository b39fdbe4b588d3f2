import type { Api, Dialect } from '../dialect.ts';
import { ResponsesBody } from './body.ts';
import { responsesFailures } from './failures.ts';
import { operations, schemas } from './operations.ts';
import { toAnswer } from './to-answer.ts';
import { toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';
import { trial } from './trial.ts';

/** `POST /v1/responses` */
export const openaiResponses: Dialect<ResponsesBody> = {
  name: 'openai-responses',
  path: '/v1/responses',
  body: ResponsesBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: {
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    effort: 'reasoning.effort',
    thinking: 'reasoning.effort',
    toolChoice: 'tool_choice',
    serviceTier: 'service_tier',
  },
  failures: responsesFailures,
};

/** The Responses API. Responses are kept, so its routes are mounted by themselves. */
export const responsesApi: Api = {
  paths: ['/v1/responses'],
  failures: responsesFailures,
  dialects: [],
  trials: [trial],
  operations,
  schemas,
};

import type { Api, Dialect } from '../dialect.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiParamNames } from '../shared/openai-param-names.ts';
import { CompletionBody } from './body.ts';
import { operations, schemas } from './operations.ts';
import { toAllMessages, toAnswer, toAnswers, toMessages } from './to-answer.ts';
import { toRunRequest } from './to-run-request.ts';
import { trial } from './trial.ts';

/** `POST /v1/completions` */
export const openaiCompletions: Dialect<CompletionBody> = {
  name: 'openai-completions',
  path: '/v1/completions',
  body: CompletionBody,
  toRunRequest,
  toAnswer,
  toMessages,
  several: { count: ({ n }) => n ?? 1, toAnswer: toAnswers, toMessages: toAllMessages },
  paramNames: openaiParamNames,
  failures: openaiFailures,
};

/** The legacy completions API. */
export const completionsApi: Api = {
  paths: ['/v1/completions'],
  failures: openaiFailures,
  dialects: [openaiCompletions],
  trials: [trial],
  operations,
  schemas,
};

import type { Api, Dialect } from '../dialect.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiParamNames } from '../shared/openai-param-names.ts';
import { ChatBody } from './body.ts';
import { operations, schemas } from './operations.ts';
import { toAnswer, toAnswers } from './to-answer.ts';
import { toAllMessages, toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';
import { trial } from './trial.ts';

/** `POST /v1/chat/completions` */
export const openaiChat: Dialect<ChatBody> = {
  name: 'openai-chat',
  path: '/v1/chat/completions',
  body: ChatBody,
  toRunRequest,
  toAnswer,
  toMessages,
  several: { count: ({ n }) => n ?? 1, toAnswer: toAnswers, toMessages: toAllMessages },
  paramNames: openaiParamNames,
  failures: openaiFailures,
};

/** The chat completions API. */
export const chatApi: Api = {
  paths: ['/v1/chat/completions'],
  failures: openaiFailures,
  dialects: [openaiChat],
  trials: [trial],
  operations,
  schemas,
};

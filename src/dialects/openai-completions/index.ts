import type { Dialect } from '../dialect.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiParamNames } from '../shared/openai-param-names.ts';
import { CompletionBody } from './body.ts';
import { toAnswer, toMessages } from './to-answer.ts';
import { toRunRequest } from './to-run-request.ts';

/** `POST /v1/completions` */
export const openaiCompletions: Dialect<CompletionBody> = {
  name: 'openai-completions',
  body: CompletionBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: openaiParamNames,
  failures: openaiFailures,
};

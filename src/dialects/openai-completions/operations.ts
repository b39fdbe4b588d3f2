import { type OperationOf, type Schemas, WITH_RUN } from '../operation.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiTag } from '../shared/openai-tag.ts';
import { TextCompletion } from './answer-schemas.ts';
import { CompletionBody } from './body.ts';

/** What its operations name. */
export const schemas = {
  bodies: { CompletionRequest: CompletionBody },
  answers: { TextCompletion },
} satisfies Schemas;

/** The completions API. */
export const operations: readonly OperationOf<typeof schemas>[] = [
  {
    id: 'createCompletion',
    method: 'post',
    path: '/v1/completions',
    tag: openaiTag,
    summary: 'Answer a prompt (legacy)',
    description: 'The prompt is sent as one user message. Streams like chat completions.',
    body: { schema: 'CompletionRequest', example: { model: 'sonnet', prompt: 'Say hello.' } },
    answer: 'TextCompletion',
    events: 'TextCompletion',
    failures: openaiFailures,
    codes: WITH_RUN,
  },
];

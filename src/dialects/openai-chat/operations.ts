import { type OperationOf, type Schemas, WITH_RUN } from '../operation.ts';
import { openaiFailures } from '../shared/openai-failures.ts';
import { openaiTag } from '../shared/openai-tag.ts';
import { ChatCompletion, ChatCompletionChunk } from './answer-schemas.ts';
import { ChatBody } from './body.ts';

/** What its operations name. */
export const schemas = {
  bodies: { ChatCompletionRequest: ChatBody },
  answers: { ChatCompletion, ChatCompletionChunk },
} satisfies Schemas;

/** The chat completions API. */
export const operations: readonly OperationOf<typeof schemas>[] = [
  {
    id: 'createChatCompletion',
    method: 'post',
    path: '/v1/chat/completions',
    tag: openaiTag,
    summary: 'Answer a conversation',
    description:
      'With `"stream": true` the answer comes as server-sent events, `data: [DONE]` last. A failure in the middle is a last `data:` with an OpenaiFailure.',
    body: {
      schema: 'ChatCompletionRequest',
      example: { model: 'sonnet', messages: [{ role: 'user', content: 'Say hello.' }] },
    },
    answer: 'ChatCompletion',
    events: 'ChatCompletionChunk',
    failures: openaiFailures,
    codes: WITH_RUN,
  },
];

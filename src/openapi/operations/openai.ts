import { type Operation, WITH_RUN } from '../../dialects/operation.ts';

/** The completions APIs. */
export const openaiOperations: readonly Operation[] = [
  {
    id: 'createChatCompletion',
    method: 'post',
    path: '/v1/chat/completions',
    tag: 'OpenAI',
    summary: 'Answer a conversation',
    description:
      'With `"stream": true` the answer comes as server-sent events, `data: [DONE]` last. A failure in the middle is a last `data:` with an OpenaiFailure.',
    body: {
      schema: 'ChatCompletionRequest',
      example: { model: 'sonnet', messages: [{ role: 'user', content: 'Say hello.' }] },
    },
    answer: 'ChatCompletion',
    events: 'ChatCompletionChunk',
    failures: 'OpenaiFailure',
    codes: WITH_RUN,
  },
  {
    id: 'createCompletion',
    method: 'post',
    path: '/v1/completions',
    tag: 'OpenAI',
    summary: 'Answer a prompt (legacy)',
    description: 'The prompt is sent as one user message. Streams like chat completions.',
    body: { schema: 'CompletionRequest', example: { model: 'sonnet', prompt: 'Say hello.' } },
    answer: 'TextCompletion',
    events: 'TextCompletion',
    failures: 'OpenaiFailure',
    codes: WITH_RUN,
  },
];

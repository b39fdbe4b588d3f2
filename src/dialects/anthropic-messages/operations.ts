import { type Operation, WITH_RUN } from '../operation.ts';

const messages = [{ role: 'user', content: 'Say hello.' }];

/** The Messages API. */
export const anthropicOperations: readonly Operation[] = [
  {
    id: 'createMessage',
    method: 'post',
    path: '/v1/messages',
    tag: 'Anthropic',
    summary: 'Answer a conversation',
    description:
      'With `"stream": true` the answer comes as server-sent events. A failure in the middle is the event `error`.',
    body: { schema: 'MessageRequest', example: { model: 'sonnet', max_tokens: 1000, messages } },
    answer: 'Message',
    events: 'MessageEvent',
    failures: 'AnthropicFailure',
    codes: WITH_RUN,
  },
  {
    id: 'countMessageTokens',
    method: 'post',
    path: '/v1/messages/count_tokens',
    tag: 'Anthropic',
    summary: 'Count the tokens of a conversation',
    description: 'Made with the API. What the CLI adds to every request is not part of it.',
    body: { schema: 'CountTokensRequest', example: { model: 'sonnet', messages } },
    answer: 'MessageTokens',
    failures: 'AnthropicFailure',
    codes: WITH_RUN,
  },
];

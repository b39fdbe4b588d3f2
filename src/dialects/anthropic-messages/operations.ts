import { type OperationOf, type Schemas, WITH_RUN } from '../operation.ts';
import { Message, MessageTokens } from './answer-schemas.ts';
import { CountTokensBody, MessagesBody } from './body.ts';
import { MessageEvent } from './event-schema.ts';
import { anthropicFailures } from './failures.ts';
import { messagesTag } from './tag.ts';

/** What its operations name. */
export const schemas = {
  bodies: { CountTokensRequest: CountTokensBody, MessageRequest: MessagesBody },
  answers: { Message, MessageEvent, MessageTokens },
} satisfies Schemas;

const messages = [{ role: 'user', content: 'Say hello.' }];

/** The Messages API. */
export const operations: readonly OperationOf<typeof schemas>[] = [
  {
    id: 'createMessage',
    method: 'post',
    path: '/v1/messages',
    tag: messagesTag,
    summary: 'Answer a conversation',
    description:
      'With `"stream": true` the answer comes as server-sent events. A failure in the middle is the event `error`.',
    body: { schema: 'MessageRequest', example: { model: 'sonnet', max_tokens: 1000, messages } },
    answer: 'Message',
    events: 'MessageEvent',
    failures: anthropicFailures,
    codes: WITH_RUN,
  },
  {
    id: 'countMessageTokens',
    method: 'post',
    path: '/v1/messages/count_tokens',
    tag: messagesTag,
    summary: 'Count the tokens of a conversation',
    description: 'Made with the API. What the CLI adds to every request is not part of it.',
    body: { schema: 'CountTokensRequest', example: { model: 'sonnet', messages } },
    answer: 'MessageTokens',
    failures: anthropicFailures,
    codes: WITH_RUN,
  },
];

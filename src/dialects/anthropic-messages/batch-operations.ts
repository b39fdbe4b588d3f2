import { ANY, type OperationOf, type Schemas, WITH_BODY } from '../operation.ts';
import { MessageBatchBody } from './batch-body.ts';
import { DeletedMessageBatch, MessageBatch, MessageBatches } from './batch-schemas.ts';
import { anthropicFailures } from './failures.ts';
import { messagesTag } from './tag.ts';

/** What its operations name. */
export const batchSchemas = {
  bodies: { MessageBatchRequest: MessageBatchBody },
  answers: { MessageBatch, MessageBatches, DeletedMessageBatch },
} satisfies Schemas;

const params = {
  model: 'sonnet',
  max_tokens: 1000,
  messages: [{ role: 'user', content: 'Say hello.' }],
};

const shared = { tag: messagesTag, failures: anthropicFailures } as const;
const ALLOWED = [...ANY, 'forbidden'] as const;
const stored = { ...shared, codes: [...ALLOWED, 'not-found'] } as const;

/** Batches of messages. */
export const batchOperations: readonly OperationOf<typeof batchSchemas>[] = [
  {
    ...shared,
    id: 'createMessageBatch',
    method: 'post',
    path: '/v1/messages/batches',
    summary: 'Have many conversations answered in quiet moments',
    body: {
      schema: 'MessageBatchRequest',
      example: { requests: [{ custom_id: 'first', params }] },
    },
    answer: 'MessageBatch',
    codes: [...WITH_BODY, 'forbidden', 'queue-full'],
  },
  {
    ...shared,
    id: 'listMessageBatches',
    method: 'get',
    path: '/v1/messages/batches',
    summary: 'List the batches of messages',
    query: {
      after_id: 'The id of the last one before the page.',
      before_id: 'The id of the first one behind the page.',
      limit: 'From 1 to 1000; 20 by default.',
    },
    answer: 'MessageBatches',
    codes: [...ALLOWED, 'invalid-request'],
  },
  {
    ...stored,
    id: 'getMessageBatch',
    method: 'get',
    path: '/v1/messages/batches/{id}',
    summary: 'Read how a batch of messages stands',
    answer: 'MessageBatch',
  },
  {
    ...stored,
    id: 'readMessageBatchResults',
    method: 'get',
    path: '/v1/messages/batches/{id}/results',
    summary: 'Read the answers of a batch of messages',
    answer: { status: 200, description: 'JSON lines.', contentType: 'application/x-jsonl' },
    codes: [...stored.codes, 'conflict'],
  },
  {
    ...stored,
    id: 'cancelMessageBatch',
    method: 'post',
    path: '/v1/messages/batches/{id}/cancel',
    summary: 'End a batch of messages',
    answer: 'MessageBatch',
    codes: [...stored.codes, 'conflict'],
  },
  {
    ...stored,
    id: 'deleteMessageBatch',
    method: 'delete',
    path: '/v1/messages/batches/{id}',
    summary: 'Delete a batch of messages that has ended',
    answer: 'DeletedMessageBatch',
    codes: [...stored.codes, 'conflict'],
  },
];

import { ANY, type OperationOf, type Schemas, WITH_RUN } from '../operation.ts';
import { openaiTag } from '../shared/openai-tag.ts';
import {
  Compaction,
  DeletedResponse,
  InputItems,
  Response,
  ResponseTokens,
} from './answer-schemas.ts';
import { InputTokensBody, ResponsesBody } from './body.ts';
import { ResponseEvent } from './event-schema.ts';
import { responsesFailures } from './failures.ts';

/** What its operations name. */
export const schemas = {
  bodies: { ResponseRequest: ResponsesBody, ResponseTokensRequest: InputTokensBody },
  answers: { Compaction, DeletedResponse, InputItems, Response, ResponseEvent, ResponseTokens },
} satisfies Schemas;

const body = {
  schema: 'ResponseRequest',
  example: { model: 'sonnet', input: 'Say hello.' },
} as const;

const shared = { tag: openaiTag, failures: responsesFailures } as const;
const stored = { ...shared, codes: [...ANY, 'not-found', 'invalid-request'] } as const;

/** The Responses API. */
export const operations: readonly OperationOf<typeof schemas>[] = [
  {
    ...shared,
    id: 'createResponse',
    method: 'post',
    path: '/v1/responses',
    summary: 'Answer an input',
    description:
      'Kept for later unless `store` is false. With `"stream": true` the answer comes as server-sent events; with `"background": true` it goes on when the caller leaves.',
    body,
    answer: 'Response',
    events: 'ResponseEvent',
    codes: [...WITH_RUN, 'not-found'],
  },
  {
    ...shared,
    id: 'connectResponses',
    method: 'get',
    path: '/v1/responses',
    summary: 'Open a WebSocket for responses',
    description:
      'With `Upgrade: websocket`. Each message is a ResponseRequest with `"type": "response.create"`; each answer is a ResponseEvent.',
    answer: { status: 101, description: 'The connection is a WebSocket from here on.' },
    codes: [...ANY, 'method-not-allowed'],
  },
  {
    ...shared,
    id: 'compactResponse',
    method: 'post',
    path: '/v1/responses/compact',
    summary: 'Say a conversation in fewer tokens',
    body,
    answer: 'Compaction',
    codes: [...WITH_RUN, 'not-found'],
  },
  {
    ...shared,
    id: 'countResponseTokens',
    method: 'post',
    path: '/v1/responses/input_tokens',
    summary: 'Count the tokens of an input',
    body: { schema: 'ResponseTokensRequest', example: { input: 'Say hello.' } },
    answer: 'ResponseTokens',
    codes: [...WITH_RUN, 'not-found'],
  },
  {
    ...stored,
    id: 'getResponse',
    method: 'get',
    path: '/v1/responses/{id}',
    summary: 'Read a stored response',
    query: {
      stream: '`true`: the events of a response that was made in the background and streamed.',
      starting_after: 'The number of the last event that was seen.',
    },
    answer: 'Response',
    events: 'ResponseEvent',
  },
  {
    ...stored,
    id: 'deleteResponse',
    method: 'delete',
    path: '/v1/responses/{id}',
    summary: 'Delete a stored response',
    answer: 'DeletedResponse',
  },
  {
    ...stored,
    id: 'listInputItems',
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    summary: 'List the input of a stored response',
    query: {
      order: '`asc` or `desc` (default: the newest first).',
      after: 'The id of the item before the page.',
      limit: 'From 1 to 100; 20 by default.',
    },
    answer: 'InputItems',
  },
  {
    ...stored,
    id: 'cancelResponse',
    method: 'post',
    path: '/v1/responses/{id}/cancel',
    summary: 'End a response that runs in the background',
    answer: 'Response',
  },
];

import { ANY, type OperationOf, type Tag } from '../../dialects/operation.ts';
import { openaiFailures } from '../../dialects/shared/openai-failures.ts';
import type { ownSchemas } from '../own-schemas.ts';

/** Where the server's own routes stand in the document. */
export const serverTag: Tag = { name: 'Server', description: 'What the server tells of itself.' };

const shared = { tag: serverTag, method: 'get', failures: openaiFailures } as const;

/** What a server tells of itself. */
export const serverOperations: readonly OperationOf<typeof ownSchemas>[] = [
  {
    ...shared,
    id: 'listModels',
    path: '/v1/models',
    summary: 'List the models',
    query: {
      limit: 'The most that one page holds, from 1 to 1000; all by default.',
      after_id: 'The id before the page.',
      before_id: 'The id behind the page.',
    },
    answer: 'ModelList',
    codes: [...ANY, 'cli-failed', 'not-logged-in'],
  },
  {
    ...shared,
    id: 'getModel',
    path: '/v1/models/{id}',
    summary: 'Read a model by its full id or any name for it',
    answer: 'Model',
    codes: [...ANY, 'model-not-found', 'cli-failed', 'not-logged-in'],
  },
  {
    ...shared,
    id: 'getHealth',
    path: '/health',
    summary: 'Tell whether the server can answer',
    answer: 'Health',
    codes: ['internal'],
    isOpen: true,
  },
  {
    ...shared,
    id: 'getHello',
    path: '/api/hello',
    summary: 'Tell that somebody is there, as Claude Code asks before it starts',
    answer: 'Hello',
    codes: ['internal'],
    isOpen: true,
  },
  {
    ...shared,
    id: 'getOpenapi',
    path: '/openapi.json',
    summary: 'This document',
    answer: 'OpenapiDocument',
    codes: ['internal'],
    isOpen: true,
  },
];

import { ANY, WITH_BODY } from '../operation.ts';
import { type DirectOperation, shared } from './operation-schemas.ts';

/** What a request may meet for which a CLI is started, and no model is asked. */
const WITH_PROCESS = [
  'forbidden',
  'queue-full',
  'queue-timeout',
  'cli-failed',
  'shutting-down',
] as const;

/** Sessions of agents. */
export const sessionOperations: readonly DirectOperation[] = [
  {
    ...shared,
    id: 'listSessions',
    method: 'get',
    path: '/api/sessions',
    summary: "List the caller's sessions",
    answer: 'SessionList',
    codes: ANY,
  },
  {
    ...shared,
    id: 'getSession',
    method: 'get',
    path: '/api/sessions/{id}',
    summary: 'Read a session',
    answer: 'Session',
    codes: [...ANY, 'not-found'],
  },
  {
    ...shared,
    id: 'listSessionMessages',
    method: 'get',
    path: '/api/sessions/{id}/messages',
    summary: 'Read what was said in a session: its last messages',
    query: { limit: 'How many, from 1 to 1000; 100 by default.' },
    answer: 'SessionMessages',
    codes: [...ANY, 'invalid-request', 'not-found', 'queue-timeout', 'cli-failed'],
  },
  {
    ...shared,
    id: 'forkSession',
    method: 'post',
    path: '/api/sessions/{id}/fork',
    summary: 'Begin a new session with all that was said in this one',
    answer: 'Session',
    codes: [...ANY, 'invalid-request', ...WITH_PROCESS, 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'readSessionChanges',
    method: 'get',
    path: '/api/sessions/{id}/changes',
    summary: 'Read what a rewind would change in files',
    query: { since: 'The id of a message of the user’s, as `run-start` tells it (`promptId`).' },
    answer: 'FileChanges',
    codes: [...ANY, 'invalid-request', ...WITH_PROCESS, 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'rewindSession',
    method: 'post',
    path: '/api/sessions/{id}/rewind',
    summary: 'Put files back as they were when a message was sent',
    body: { schema: 'RewindRequest', example: { since: '00000000-0000-4000-8000-000000000000' } },
    answer: 'FileChanges',
    codes: [...WITH_BODY, ...WITH_PROCESS, 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'deleteSession',
    method: 'delete',
    path: '/api/sessions/{id}',
    summary: 'Delete a session and its transcript',
    answer: 'DeletedSession',
    codes: [...ANY, 'not-found'],
  },
];

import { ANY } from '../operation.ts';
import { type DirectOperation, shared } from './operation-schemas.ts';

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
    codes: [...ANY, 'invalid-request', 'not-found'],
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

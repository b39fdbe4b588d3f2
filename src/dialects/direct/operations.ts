import { ANY, type Operation, WITH_RUN } from '../operation.ts';

const shared = { tag: 'Agents', failures: 'DirectFailure' } as const;

/** Agents and their sessions. */
export const agentOperations: readonly Operation[] = [
  {
    ...shared,
    id: 'runAgent',
    method: 'post',
    path: '/api/run',
    summary: 'Run an agent',
    description:
      'With `"stream": true` the answer comes as server-sent events, or one JSON text a line with `accept: application/x-ndjson`.',
    body: {
      schema: 'RunRequest',
      example: { prompt: 'Which files are here?', allowedTools: ['Read', 'Glob'] },
    },
    answer: 'AgentRun',
    events: 'AgentEvent',
    codes: [...WITH_RUN, 'not-found'],
  },
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

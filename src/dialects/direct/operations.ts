import { ANY, type OperationOf, type Schemas, type Tag, WITH_RUN } from '../operation.ts';
import { AgentEvent, AgentRun } from './answer-schemas.ts';
import { RunBody } from './body.ts';
import { directFailures } from './failures.ts';
import { DeletedSession, Session, SessionList, SessionMessages } from './session-schemas.ts';

/** What its operations name. */
export const schemas = {
  bodies: { RunRequest: RunBody },
  answers: { AgentEvent, AgentRun, DeletedSession, Session, SessionList, SessionMessages },
} satisfies Schemas;

const tag: Tag = { name: 'Agents', description: 'The CLI with its own tools, and its sessions.' };

const shared = { tag, failures: directFailures };

/** Agents and their sessions. */
export const operations: readonly OperationOf<typeof schemas>[] = [
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
    lines: 'offered',
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

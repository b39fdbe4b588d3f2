import {
  ANY,
  type OperationOf,
  type Schemas,
  type Tag,
  WITH_BODY,
  WITH_RUN,
} from '../operation.ts';
import { AgentEvent, AgentRun } from './answer-schemas.ts';
import { RunBody } from './body.ts';
import { directFailures } from './failures.ts';
import { ApprovalBody } from './approval-body.ts';
import {
  AgentRunList,
  AgentRunRecord,
  Approval,
  ApprovalList,
  DeletedRunRecord,
  RunChange,
} from './run-schemas.ts';
import { DeletedSession, Session, SessionList, SessionMessages } from './session-schemas.ts';

/** What its operations name. */
export const schemas = {
  bodies: { ApprovalRequest: ApprovalBody, RunRequest: RunBody },
  answers: {
    AgentEvent,
    AgentRun,
    AgentRunList,
    AgentRunRecord,
    Approval,
    ApprovalList,
    DeletedRunRecord,
    DeletedSession,
    RunChange,
    Session,
    SessionList,
    SessionMessages,
  },
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
      'With `"stream": true` the answer comes as server-sent events, or one JSON text a line with `accept: application/x-ndjson`. With `"background": true` it is a 202 with the run, which goes on by itself.',
    body: {
      schema: 'RunRequest',
      example: { prompt: 'Which files are here?', allowedTools: ['Read', 'Glob'] },
    },
    answer: 'AgentRun',
    accepted: 'AgentRunRecord',
    events: 'AgentEvent',
    lines: 'offered',
    codes: [...WITH_RUN, 'not-found'],
  },
  {
    ...shared,
    id: 'listAgentRuns',
    method: 'get',
    path: '/api/runs',
    summary: "List the caller's runs, the newest first",
    query: {
      state: 'Only those in this state.',
      session: 'Only those of this session.',
      before: 'The id of a run: only those that are older.',
      limit: 'How many, from 1 to 100; 20 by default.',
    },
    answer: 'AgentRunList',
    codes: [...ANY, 'invalid-request'],
  },
  {
    ...shared,
    id: 'getRun',
    method: 'get',
    path: '/api/runs/{id}',
    summary: 'Read a run, with its answer when it is done',
    answer: 'AgentRunRecord',
    codes: [...ANY, 'not-found'],
  },
  {
    ...shared,
    id: 'cancelRun',
    method: 'delete',
    path: '/api/runs/{id}',
    summary: 'Cancel a run',
    answer: 'AgentRunRecord',
    codes: [...ANY, 'not-found'],
  },
  {
    ...shared,
    id: 'deleteRunRecord',
    method: 'delete',
    path: '/api/runs/{id}/record',
    summary: 'Forget a run that has ended, and its events',
    answer: 'DeletedRunRecord',
    codes: [...ANY, 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'resumeRun',
    method: 'post',
    path: '/api/runs/{id}/resume',
    summary: 'Go on with a run that the end of the server cut: a new run, in the background',
    answer: 'AgentRunRecord',
    status: 202,
    codes: [...WITH_RUN, 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'followRun',
    method: 'get',
    path: '/api/runs/{id}/events',
    summary: 'Follow the events of a run, from the first or behind `Last-Event-ID`',
    query: { after: 'The id of the last event that is known; as the header `Last-Event-ID`.' },
    answer: 'AgentEvent',
    events: 'AgentEvent',
    lines: 'offered',
    codes: [...ANY, 'invalid-request', 'not-found'],
  },
  {
    ...shared,
    id: 'listApprovals',
    method: 'get',
    path: '/api/approvals',
    summary: "List what the caller's runs wait for: leave for tools, answers, reviews of plans",
    answer: 'ApprovalList',
    codes: ANY,
  },
  {
    ...shared,
    id: 'answerApproval',
    method: 'post',
    path: '/api/runs/{id}/approvals/{approvalId}',
    summary: 'Tell a run what it waits for; the first answer counts',
    body: { schema: 'ApprovalRequest', example: { decision: 'allow' } },
    answer: 'Approval',
    codes: [...WITH_BODY, 'forbidden', 'not-found', 'conflict'],
  },
  {
    ...shared,
    id: 'watchRuns',
    method: 'get',
    path: '/api/events',
    summary: "Watch the states of the caller's runs",
    answer: 'RunChange',
    events: 'RunChange',
    lines: 'offered',
    codes: ANY,
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

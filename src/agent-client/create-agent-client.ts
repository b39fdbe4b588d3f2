import type { z } from 'zod';

import type { AgentEvent, AgentRun } from '../dialects/direct/answer-schemas.ts';
import type { ApprovalBody } from '../dialects/direct/approval-body.ts';
import type { RunBody } from '../dialects/direct/body.ts';
import type {
  AgentRunList,
  AgentRunRecord,
  Approval,
  taskAnswers,
} from '../dialects/direct/run-schemas.ts';
import type { ChangeBody } from '../dialects/direct/steering-bodies.ts';
import type { ToolResultBody } from '../dialects/direct/tool-result-body.ts';
import type { FileChanges, Session } from '../dialects/direct/session-schemas.ts';
import { type CallOptions, createCaller } from './call.ts';
import { followEvents } from './follow-events.ts';

/** What is asked of an agent, as `POST /api/run` takes it. */
type AgentTask = z.input<typeof RunBody>;

type Filter = { state?: string; session?: string; before?: string; limit?: number };

export type AgentClient = {
  /** Runs an agent and waits for its answer. */
  run: (task: AgentTask, options?: CallOptions) => Promise<z.infer<typeof AgentRun>>;
  /** Starts a run in the background. */
  start: (task: AgentTask) => Promise<z.infer<typeof AgentRunRecord>>;
  get: (runId: string) => Promise<z.infer<typeof AgentRunRecord>>;
  /** The newest first. */
  list: (filter?: Filter) => Promise<z.infer<typeof AgentRunList>>;
  /**
   * The events of a run, from the first or behind `after`, to its end. Connects anew when the connection
   * breaks, without a gap or a repeat.
   */
  events: (
    runId: string,
    options?: CallOptions & { after?: number },
  ) => AsyncIterable<z.infer<typeof AgentEvent>>;
  /** What all runs of the key wait for. */
  approvals: () => Promise<readonly z.infer<typeof Approval>[]>;
  /** Tells a run what it waits for. Throws with status 409 when somebody else was first. */
  answer: (
    runId: string,
    approvalId: string,
    answer: z.input<typeof ApprovalBody>,
  ) => Promise<z.infer<typeof Approval>>;
  /** Gives a run the result of a tool of one's own; `id` is that of its `tool-request`. */
  giveResult: (
    runId: string,
    result: z.input<typeof ToolResultBody>,
  ) => Promise<z.infer<typeof Approval>>;
  /** Sends a message, which the agent reads at its next step; resolves with its id. */
  send: (runId: string, text: string) => Promise<string>;
  /** Takes a message back. Throws with status 409 when it was read. */
  takeBack: (runId: string, messageId: string) => Promise<void>;
  /** Stops what the agent does now. */
  interrupt: (runId: string) => Promise<void>;
  change: (
    runId: string,
    change: z.input<typeof ChangeBody>,
  ) => Promise<z.infer<typeof AgentRunRecord>>;
  /** A question beside the conversation. */
  ask: (runId: string, question: string) => Promise<string>;
  /** What the agent began in the background. */
  tasks: (runId: string) => Promise<z.infer<(typeof taskAnswers)['TaskList']>['tasks']>;
  /** The end of what a task wrote. */
  readTask: (runId: string, taskId: string) => Promise<z.infer<(typeof taskAnswers)['TaskOutput']>>;
  stopTask: (runId: string, taskId: string) => Promise<void>;
  cancel: (runId: string) => Promise<z.infer<typeof AgentRunRecord>>;
  /** Goes on with an interrupted run: a new one, in the background. */
  resume: (runId: string) => Promise<z.infer<typeof AgentRunRecord>>;
  /** Removes an ended run and its events. */
  forget: (runId: string) => Promise<void>;
  /** A new session with the same history. */
  fork: (sessionId: string) => Promise<z.infer<typeof Session>>;
  /** What `rewind` would change in files. */
  changes: (sessionId: string, since: string) => Promise<z.infer<typeof FileChanges>>;
  /** Puts files back as they were when a message of the user's was sent (`promptId` of `run-start`). */
  rewind: (sessionId: string, since: string) => Promise<z.infer<typeof FileChanges>>;
};

/**
 * Makes a client of a server's agents: `createAgentClient('http://127.0.0.1:6789', key)`. All throw an
 * `AgentClientError` for what the server refuses. `reach` is used in the place of `fetch`.
 */
export function createAgentClient(
  baseUrl: string,
  key: string,
  reach: typeof fetch = fetch,
): AgentClient {
  const { call, open } = createCaller(baseUrl, key, reach);
  const get = (runId: string) => call<z.infer<typeof AgentRunRecord>>('GET', toPath(runId));

  return {
    run: (task, options) => call('POST', '/api/run', task, options),
    start: (task) => call('POST', '/api/run', { ...task, background: true }),
    get,
    list: (filter = {}) => call('GET', `/api/runs${toQuery(filter)}`),
    events: (runId, { after = 0, signal } = {}) =>
      followEvents({
        after,
        signal,
        open: (behind) => open(`${toPath(runId)}/events?after=${behind}`, signal),
        hasEnded: async () => (await get(runId)).endedAt !== null,
      }),
    async approvals() {
      type Answer = { approvals: readonly z.infer<typeof Approval>[] };
      return (await call<Answer>('GET', '/api/approvals')).approvals;
    },
    answer: (runId, id, answer) => call('POST', `${toPath(runId)}/approvals/${toPart(id)}`, answer),
    giveResult: (runId, result) => call('POST', `${toPath(runId)}/tool-results`, result),
    async send(runId, text) {
      return (await call<{ id: string }>('POST', `${toPath(runId)}/messages`, { text })).id;
    },
    async takeBack(runId, id) {
      await call('DELETE', `${toPath(runId)}/messages/${toPart(id)}`);
    },
    async interrupt(runId) {
      await call('POST', `${toPath(runId)}/interrupt`);
    },
    change: (runId, change) => call('PATCH', toPath(runId), change),
    async ask(runId, question) {
      return (await call<{ answer: string }>('POST', `${toPath(runId)}/ask`, { question })).answer;
    },
    async tasks(runId) {
      type Answer = z.infer<(typeof taskAnswers)['TaskList']>;
      return (await call<Answer>('GET', `${toPath(runId)}/tasks`)).tasks;
    },
    readTask: (runId, id) => call('GET', `${toPath(runId)}/tasks/${toPart(id)}/output`),
    async stopTask(runId, id) {
      await call('DELETE', `${toPath(runId)}/tasks/${toPart(id)}`);
    },
    cancel: (runId) => call('DELETE', toPath(runId)),
    resume: (runId) => call('POST', `${toPath(runId)}/resume`),
    async forget(runId) {
      await call('DELETE', `${toPath(runId)}/record`);
    },
    fork: (id) => call('POST', `/api/sessions/${toPart(id)}/fork`),
    changes: (id, since) => call('GET', `/api/sessions/${toPart(id)}/changes${toQuery({ since })}`),
    rewind: (id, since) => call('POST', `/api/sessions/${toPart(id)}/rewind`, { since }),
  };
}

function toPath(runId: string) {
  return `/api/runs/${toPart(runId)}`;
}

function toPart(id: string) {
  return encodeURIComponent(id);
}

function toQuery(filter: Readonly<Record<string, string | number>>) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) query.set(name, String(value));
  return query.size > 0 ? `?${query.toString()}` : '';
}

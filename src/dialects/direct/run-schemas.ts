import { z } from 'zod';

import { AgentRun, inputRequests, Task } from './answer-schemas.ts';

const RunState = z.enum([
  'queued',
  'running',
  'waiting',
  'done',
  'failed',
  'cancelled',
  'interrupted',
]);

const listed = {
  id: z.string().regex(/^req_/),
  state: RunState,
  sessionId: z.uuid().nullable(),
  model: z.string(),
  prompt: z.string().describe('The beginning of it.'),
  background: z.boolean(),
  resumedFrom: z.string().nullable().describe('The run that this one goes on with.'),
  createdAt: z.iso.datetime(),
  costUsd: z
    .number()
    .nonnegative()
    .nullable()
    .describe('As far as the CLI told it, also of a run that failed or was cancelled.'),
  endedAt: z.iso.datetime().nullable(),
};

/** A run of an agent, with its answer when it is done. */
export const AgentRunRecord = z.object({
  ...listed,
  answer: AgentRun.nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), param: z.string().optional() })
    .nullable(),
});

/** A page of `GET /api/runs`. */
export const AgentRunList = z.object({ runs: z.array(z.object(listed)), hasMore: z.boolean() });

/** The answer of `DELETE /api/runs/{id}/record`. */
export const DeletedRunRecord = z.object({ id: z.string(), deleted: z.literal(true) });

/** Something that a run waits for, or waited for. */
export const Approval = z.object({
  id: z.string(),
  runId: z.string().regex(/^req_/),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().describe('Without an answer it is denied then.'),
  request: z.discriminatedUnion('type', [
    inputRequests['approval-request'],
    inputRequests.question,
    inputRequests['plan-review'],
    inputRequests['tool-request'],
  ]),
  decision: z.enum(['allow', 'deny', 'withdrawn']).nullable(),
});

/** The answer of `GET /api/approvals`. */
export const ApprovalList = z.object({ approvals: z.array(Approval) });

/** The answers of a run's tasks. */
export const taskAnswers = {
  TaskList: z.object({
    tasks: z.array(
      z.object({
        ...Task.shape,
        status: z.enum(['running', 'completed', 'failed', 'stopped']),
      }),
    ),
  }),
  TaskOutput: z.object({
    output: z.string().describe('The end of what it wrote.'),
    totalBytes: z.int().nonnegative(),
    isTruncated: z.boolean(),
  }),
  StoppedTask: z.object({ id: z.string(), stopped: z.literal(true) }),
};

/** One message of `GET /api/events`. */
export const RunChange = z.object({
  type: z.literal('run-state'),
  runId: z.string(),
  sessionId: z.uuid().optional(),
  state: RunState,
});

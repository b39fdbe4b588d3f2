import { z } from 'zod';

const Count = z.int().nonnegative();

const Usage = z.object({
  input: Count.describe('Cache reads and writes are not part of it.'),
  output: Count,
  cacheRead: Count,
  cacheWrite: Count,
  reasoning: Count.optional(),
});

const Finish = z.enum([
  'stop',
  'stop-sequence',
  'length',
  'tool-calls',
  'refusal',
  'context-full',
  'paused',
  'max-turns',
  'max-budget',
  'interrupted',
]);

const Denial = z.object({ toolName: z.string(), toolUseId: z.string(), toolInput: z.unknown() });

export const Task = z.object({
  id: z.string(),
  kind: z.string().describe('`subagent`, `command`, or what the CLI names otherwise.'),
  description: z.string(),
});

const summary = {
  result: z.string().describe('The last text of the agent.'),
  turns: z.int().nonnegative(),
  costUsd: z.number().nonnegative(),
  permissionDenials: z.array(Denial).describe('Tool calls that the permission mode refused.'),
  stoppedTasks: z.array(Task).describe('Background tasks that outlasted the run and were ended.'),
};

/** The answer of `POST /api/run`. */
export const AgentRun = z.object({
  id: z.string().regex(/^req_/),
  ...summary,
  sessionId: z.uuid().nullable(),
  durationMs: z.number().nonnegative(),
  usage: Usage,
  model: z.string(),
  stopReason: Finish,
  structuredOutput: z.unknown().describe('What fits `outputSchema`, or null.'),
});

const StartedPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('reasoning') }),
  z.object({ type: z.literal('redacted-reasoning'), data: z.string() }),
  z.object({ type: z.literal('tool-call'), id: z.string(), name: z.string() }),
  z.object({ type: z.literal('tool-result'), callId: z.string(), isError: z.boolean() }),
]);

/** What a message of an agent consists of. */
export const AgentPart = z.discriminatedUnion('type', [
  z.object({ type: z.literal(['text', 'reasoning']), text: z.string() }),
  z.object({
    type: z.literal('tool-call'),
    id: z.string(),
    name: z.string(),
    input: z.unknown(),
  }),
  z.object({
    type: z.literal('tool-result'),
    callId: z.string(),
    text: z.string(),
    isError: z.boolean(),
  }),
  z.object({ type: z.literal('other'), kind: z.string().describe('What it is, such as image.') }),
]);

const Question = z.object({
  question: z.string(),
  header: z.string().optional(),
  isMultiple: z.boolean().describe('Whether several options may be chosen.'),
  options: z.array(z.object({ label: z.string(), description: z.string().optional() })),
});

/** What a run waits for, by its kind. */
export const inputRequests = {
  'approval-request': z.object({
    type: z.literal('approval-request'),
    id: z.string(),
    callId: z.string(),
    toolName: z.string(),
    input: z.record(z.string(), z.unknown()),
    description: z.string().optional(),
    reason: z.string().optional(),
    path: z.string().optional().describe('What it needs leave for, where the CLI tells.'),
    suggestions: z.array(z.string()).describe('What `remember` allows.'),
  }),
  question: z.object({
    type: z.literal('question'),
    id: z.string(),
    callId: z.string(),
    questions: z.array(Question),
  }),
  'tool-request': z.object({
    type: z.literal('tool-request'),
    id: z.string(),
    callId: z.string(),
    toolName: z.string().describe('One of the caller’s `tools`.'),
    input: z.record(z.string(), z.unknown()),
  }),
  'plan-review': z.object({
    type: z.literal('plan-review'),
    id: z.string(),
    callId: z.string(),
    plan: z.string(),
  }),
};

const index = z.int().nonnegative();

/** One event of a streamed agent run: a server-sent event, or a line of NDJSON. */
export const AgentEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-start'),
    id: z.string(),
    model: z.string(),
    sessionId: z.uuid().optional(),
    promptId: z
      .uuid()
      .optional()
      .describe('With `checkpoints`: the id of the message that the run began with.'),
    usage: Usage,
    dropped: z.array(z.string()).optional(),
  }),
  z.object({ type: z.literal('part-start'), index, part: StartedPart }),
  z.object({ type: z.literal('part-delta'), index, delta: z.string() }),
  z.object({ type: z.literal('part-signature'), index, signature: z.string() }),
  z.object({ type: z.literal('part-end'), index }),
  z.object({
    type: z.literal('subagent-part'),
    parentCallId: z.string().describe('The tool call that started the sub-agent.'),
    part: AgentPart,
  }),
  z.object({
    type: z.literal('denial'),
    callId: z.string(),
    toolName: z.string(),
    reason: z.string(),
  }),
  z.object({
    type: z.literal('user-message'),
    id: z.string(),
    text: z.string(),
    state: z.enum(['queued', 'read', 'taken-back']),
  }),
  ...Object.values(inputRequests),
  z.object({
    type: z.literal('input-settled'),
    id: z.string(),
    decision: z.enum(['allow', 'deny', 'withdrawn']),
    message: z.string().optional(),
  }),
  z.object({
    type: z.literal('task'),
    task: Task,
    status: z.enum(['running', 'completed', 'failed', 'stopped']),
  }),
  z.object({
    type: z.literal('run-end'),
    finish: Finish,
    stopSequence: z.string().optional(),
    usage: Usage,
    agent: z.object({ ...summary, structuredOutput: z.unknown().optional() }).optional(),
  }),
  z.object({
    type: z.literal('error'),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().optional() }),
    requestId: z.string(),
  }),
]);

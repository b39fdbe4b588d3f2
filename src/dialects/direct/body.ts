import { z } from 'zod';

import { readToolRule } from '../../tool-rule.ts';
import { MOST_TAGS, TAG, TAG_WORDS } from '../../common/tags.ts';
import { WEBHOOK_SECRET, WEBHOOK_SECRET_WORDS } from '../../common/webhook-secret.ts';
import { McpServers } from './mcp-server-body.ts';

const Effort = z.enum(['low', 'medium', 'high', 'xhigh', 'max']);

const PermissionMode = z.enum(['dontAsk', 'ask', 'acceptEdits', 'plan', 'bypassPermissions']);

/** A tool in the CLI's notation, such as `Read` or `Bash(git log *)`. Never a flag. */
const ToolRule = z
  .string()
  .refine(
    (text) => readToolRule(text) !== undefined,
    'must be one tool, as `Read` or `Bash(git log *)`',
  );

/** The CLI has it where somebody answers, and nowhere else (CLI 2.1.330). */
const AllowedTool = ToolRule.refine(
  (rule) => rule !== 'AskUserQuestion',
  'AskUserQuestion is there with permissionMode `ask` or `plan`, without being allowed, and only there',
);

const Text = z.string().refine((text) => text.trim() !== '', 'must not be blank');

/** What the CLI would take beside these is the operator's to decide: `mcpServers`, `permissionMode`, `memory` … */
const Subagent = z.strictObject({
  /** Tells the agent when to start one. */
  description: Text,
  prompt: Text,
  tools: z.array(ToolRule).optional(),
  disallowedTools: z.array(ToolRule).optional(),
  model: z.string().min(1).optional(),
  maxTurns: z.int().positive().optional(),
  effort: Effort.optional(),
});

const Tool = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w-]{0,63}$/),
  description: z.string().optional(),
  /** JSON Schema of the input, an object. */
  inputSchema: z.record(z.string(), z.unknown()).default({ type: 'object' }),
});

const Tools = z
  .array(Tool)
  .max(128)
  .refine(
    (tools) => new Set(tools.map(({ name }) => name)).size === tools.length,
    'must have different names',
  );

const Subagents = z
  .record(z.string().regex(/^[A-Za-z][\w-]{0,63}$/), Subagent)
  .refine((agents) => Object.keys(agents).length <= 50, 'must be 50 at most');

const Webhook = z.strictObject({
  url: z.string().min(1).max(2048),
  secret: z.string().regex(WEBHOOK_SECRET, `must be ${WEBHOOK_SECRET_WORDS}`),
});

/** Unknown fields are refused: a misspelt limit must not pass unseen. */
const Fields = z.strictObject({
  prompt: Text,
  model: z.string().min(1).default('default'),
  /** Replaces the agent's own system prompt. */
  systemPrompt: z.string().optional(),
  appendSystemPrompt: z.string().optional(),
  allowedTools: z.array(AllowedTool).default([]),
  disallowedTools: z.array(ToolRule).default([]),
  workingDirectory: z.string().min(1).optional(),
  /** Further folders that its file tools may use. */
  additionalDirectories: z.array(z.string().min(1)).max(20).optional(),
  /** Continues this session; without it a new one begins. */
  sessionId: z.uuid().optional(),
  maxTurns: z.int().positive().optional(),
  permissionMode: PermissionMode.default('dontAsk'),
  effort: Effort.optional(),
  maxBudgetUsd: z.number().positive().optional(),
  /** JSON Schema of `structuredOutput`. */
  outputSchema: z.record(z.string(), z.unknown()).optional(),
  stream: z.boolean().default(false),
  /** Kinds of sub-agents beside the CLI's own, by name. */
  agents: Subagents.optional(),
  /** Tools of the caller's own, who is told of each call and gives the result. */
  tools: Tools.default([]),
  /** On hosts that the operator and the key allow. */
  mcpServers: McpServers.optional(),
  /** What the server or worker must have that carries it out. */
  tags: z
    .array(z.string().regex(TAG, `must be ${TAG_WORDS}`))
    .max(MOST_TAGS)
    .optional(),
  /** Notes how files were that its file tools change, so that they can be put back. */
  checkpoints: z.boolean().default(false),
  /** Answers at once with the run, which goes on by itself. */
  background: z.boolean().default(false),
  /** What becomes of a run in the foreground whose caller leaves. */
  onDisconnect: z.enum(['cancel', 'continue']).default('cancel'),
  /** Is told, with a signature, when the run's state changes or the run waits for an answer. */
  webhook: Webhook.optional(),
});

/** The body of `POST /api/run`. */
export const RunBody = Fields.refine(({ background, stream }) => !(background && stream), {
  message:
    'must be left out for a run in the background, whose events are at /api/runs/{id}/events',
  path: ['stream'],
});

export type RunBody = z.infer<typeof RunBody>;

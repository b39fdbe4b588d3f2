import { z } from 'zod';

import type { RunRequest, Thinking } from '../../run.ts';
import type { AgentProcess } from '../process/cli-process.ts';
import { toCallSchema, toEnforcedTool } from './forced-tool.ts';
import type { ClientTools } from './client-tools.ts';
import { toHash } from './conversation-key.ts';

/** Settings of a turn, for `apply_flag_settings`. */
export type TurnSettings = Readonly<Record<string, unknown>>;

const ANY_OBJECT = { type: 'object' };

/** The reply to `initialize`, seen from CLI 2.1.330. */
const Initialized = z.object({
  models: z.array(z.object({ value: z.string(), resolvedModel: z.string() })).catch([]),
});

/**
 * Tells a process that is already up whom it serves: instructions, tools, schema. Can be said once in a
 * process's life. Resolves with the full ids of the models by their aliases.
 */
export async function initializeChat(
  process: AgentProcess,
  { manifest }: ClientTools,
  request: RunRequest,
): Promise<ReadonlyMap<string, string>> {
  const jsonSchema = toEnforcedSchema(request);
  const reply = await process.request({
    subtype: 'initialize',
    ...manifest,
    ...(jsonSchema && { jsonSchema }),
    // Always sent: without it the CLI uses an agent's prompt of 4,500 characters.
    systemPrompt: request.instructions.length === 0 ? [] : [request.instructions.join('\n\n')],
  });
  const { models } = Initialized.parse(reply);
  return new Map(models.map(({ value, resolvedModel }) => [value, resolvedModel]));
}

/** Names what a process is bound to for its life: the caller, and all that `initialize` tells. */
export function toBinding(request: RunRequest): string {
  const { caller, instructions, tools } = request;
  return toHash([caller.keyId, caller.user, instructions, tools, toEnforcedSchema(request)]);
}

/**
 * What may change from one turn to the next: model, sampling, tool choice, thinking, effort. Every one
 * of them each time: the CLI merges what it is given, and clears a value only when it is named with `''`
 * or `null`.
 */
export function toTurnSettings(request: RunRequest): TurnSettings {
  const { effort, thinking, sampling } = request;
  const extraBody = toExtraBody(request);
  return {
    // `set_model` would ask the API first whether it knows the model, with a request of its own.
    model: request.model,
    effortLevel: effort ?? null,
    // Beside a tool named Bash the CLI would tell the model how to sign git commits.
    includeCoAuthoredBy: false,
    attribution: { commit: '', pr: '' },
    env: {
      CLAUDE_CODE_DISABLE_THINKING:
        thinking.type === 'off' || thinking.type === 'default' ? '1' : '',
      CLAUDE_CODE_MAX_OUTPUT_TOKENS:
        sampling.maxOutputTokens === undefined ? '' : String(sampling.maxOutputTokens),
      CLAUDE_CODE_EXTRA_BODY: Object.keys(extraBody).length === 0 ? '' : JSON.stringify(extraBody),
    },
  };
}

/**
 * Fields merged into the API request. Built from checked values one by one, never from a client's
 * object: `model`, `system`, `messages` and `tools` would be replaced too.
 */
function toExtraBody(request: RunRequest) {
  const { sampling, thinking } = request;
  const toolChoice = toToolChoice(request);
  const outputConfig = toOutputConfig(request);
  return {
    ...(toolChoice && { tool_choice: toolChoice }),
    ...(outputConfig && { output_config: outputConfig }),
    ...(request.serviceTier !== undefined && { service_tier: request.serviceTier }),
    ...(request.caller.user !== undefined && { metadata: { user_id: request.caller.user } }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling.topK !== undefined && { top_k: sampling.topK }),
    ...(sampling.stop !== undefined && { stop_sequences: sampling.stop }),
    ...toThinking(thinking),
  };
}

/** The API's `thinking`, where the CLI's own would not do. */
function toThinking(thinking: Thinking) {
  if (thinking.type !== 'budget' && thinking.type !== 'adaptive') return {};
  const display = thinking.display !== undefined && { display: thinking.display };
  if (thinking.type === 'adaptive')
    return display && { thinking: { type: 'adaptive', ...display } };
  return { thinking: { type: 'enabled', budget_tokens: thinking.tokens, ...display } };
}

/**
 * JSON of any shape, schemas that the API refuses, and a tool that it does not force are the CLI's to
 * enforce: it gives the model a tool for the answer, and insists. This is the schema for it.
 */
export function toEnforcedSchema(request: RunRequest): Record<string, unknown> | undefined {
  const { output } = request;
  const tool = toEnforcedTool(request);
  if (tool) return toCallSchema(tool);
  if (output.type === 'text') return undefined;
  if (output.schema === undefined) return ANY_OBJECT;
  return output.isRefusedByApi ? output.schema : undefined;
}

/** The API's own structured output, for everything else. */
function toOutputConfig(request: RunRequest) {
  const { output } = request;
  if (output.type === 'text' || toEnforcedSchema(request)) return undefined;
  return { format: { type: 'json_schema', schema: output.schema } };
}

/** The API's `tool_choice`, where it differs from the default. */
function toToolChoice(request: RunRequest) {
  const { tools, toolChoice, parallelToolCalls } = request;
  if (tools.length === 0 || toEnforcedTool(request)) return undefined;
  const single = !parallelToolCalls && { disable_parallel_tool_use: true };
  switch (toolChoice.type) {
    case 'none':
      return { type: 'none' };
    case 'auto':
      return single ? { type: 'auto', ...single } : undefined;
    case 'required':
      return { type: 'any', ...single };
    case 'tool':
      return { type: 'tool', name: toolChoice.name, ...single };
  }
}

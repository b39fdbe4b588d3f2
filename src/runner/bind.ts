import type { RunRequest } from '../run.ts';
import type { AgentProcess } from './agent-process.ts';
import type { BoundProcess } from './suspended-calls.ts';

/**
 * Tells a process that is already up whom it serves: instructions, model, sampling. To be called on
 * an empty conversation, since elsewhere `set_model` would write into it.
 */
export async function bindChat(
  { process, tools }: BoundProcess,
  request: RunRequest,
): Promise<void> {
  process.serve(tools.handler);
  await process.request({
    subtype: 'initialize',
    ...tools.manifest,
    // Always sent: without it the CLI uses an agent's prompt of 4,500 characters.
    systemPrompt: request.instructions.length === 0 ? [] : [request.instructions.join('\n\n')],
  });
  await process.request({ subtype: 'set_model', model: request.model });
  await setTurn(process, request);
}

/** Sets what may change from one turn to the next: sampling, tool choice, thinking, effort. */
export async function setTurn(process: AgentProcess, request: RunRequest): Promise<void> {
  await process.request({ subtype: 'apply_flag_settings', settings: toFlagSettings(request) });
}

/**
 * All settings of a turn, every one of them each time: the CLI merges what it is given, and clears a
 * value only when it is named with `''` or `null`.
 */
function toFlagSettings(request: RunRequest) {
  const { effort, thinking, sampling } = request;
  const extraBody = toExtraBody(request);
  return {
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
  return {
    ...(toolChoice && { tool_choice: toolChoice }),
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling.topK !== undefined && { top_k: sampling.topK }),
    ...(sampling.stop !== undefined && { stop_sequences: sampling.stop }),
    ...(thinking.type === 'budget' && {
      thinking: { type: 'enabled', budget_tokens: thinking.tokens },
    }),
  };
}

/** The API's `tool_choice`, where it differs from the default. */
function toToolChoice({ tools, toolChoice, parallelToolCalls }: RunRequest) {
  if (tools.length === 0) return undefined;
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

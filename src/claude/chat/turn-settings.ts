import type { Thinking } from '../../run.ts';
import type { ChatRequest } from './chat-request.ts';

/** Settings of a turn, for `apply_flag_settings`. */
export type TurnSettings = Readonly<Record<string, unknown>>;

/**
 * What may change from one turn to the next: model, sampling, tool choice, thinking, effort. All of them
 * are sent each time, because the CLI merges what it gets, and clears a value only when that is set to
 * `''` or `null`. `model` is the name that the CLI is given.
 */
export function toTurnSettings(request: ChatRequest, model: string): TurnSettings {
  const { effort, thinking, sampling } = request;
  const extraBody = toExtraBody(request);
  return {
    // `set_model` would ask the API first whether it knows the model, with a request of its own.
    model,
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
function toExtraBody(request: ChatRequest) {
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

/** The API's own structured output, for everything else. */
function toOutputConfig({ output, enforced }: ChatRequest) {
  if (output.type === 'text' || enforced) return undefined;
  return { format: { type: 'json_schema', schema: output.schema } };
}

/** The API's `tool_choice`, where it differs from the default. */
function toToolChoice({ tools, toolChoice, parallelToolCalls, enforced }: ChatRequest) {
  if (tools.length === 0 || enforced?.tool) return undefined;
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

import type { RunRequest } from '../run.ts';
import type { AgentProcess } from './agent-process.ts';

/**
 * Tells a process that is already up whom it serves: instructions, model, sampling. To be called on
 * an empty conversation, since elsewhere `set_model` would write into it.
 */
export async function bindChat(process: AgentProcess, request: RunRequest): Promise<void> {
  await process.request({
    subtype: 'initialize',
    // Always sent: without it the CLI uses an agent's prompt of 4,500 characters.
    systemPrompt: request.instructions.length === 0 ? [] : [request.instructions.join('\n\n')],
  });
  await process.request({ subtype: 'set_model', model: request.model });
  await process.request({ subtype: 'apply_flag_settings', settings: toFlagSettings(request) });
}

/**
 * All settings of a turn, every one of them each time: the CLI merges what it is given, and clears a
 * value only when it is named with `''` or `null`.
 */
export function toFlagSettings({ effort, thinking, sampling, ...request }: RunRequest) {
  const extraBody = toExtraBody({ sampling, thinking, ...request });
  return {
    effortLevel: effort ?? null,
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
function toExtraBody({ sampling, thinking }: Pick<RunRequest, 'sampling' | 'thinking'>) {
  return {
    ...(sampling.temperature !== undefined && { temperature: sampling.temperature }),
    ...(sampling.topP !== undefined && { top_p: sampling.topP }),
    ...(sampling.topK !== undefined && { top_k: sampling.topK }),
    ...(sampling.stop !== undefined && { stop_sequences: sampling.stop }),
    ...(thinking.type === 'budget' && {
      thinking: { type: 'enabled', budget_tokens: thinking.tokens },
    }),
  };
}

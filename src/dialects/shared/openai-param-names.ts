import type { DroppableParam } from '../../run.ts';

/** What OpenAI's chat APIs call the parameters that a model may refuse. */
export const openaiParamNames = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  effort: 'reasoning_effort',
  thinking: 'reasoning_effort',
  toolChoice: 'tool_choice',
  serviceTier: 'service_tier',
} satisfies Record<DroppableParam, string>;

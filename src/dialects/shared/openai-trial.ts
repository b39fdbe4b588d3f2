import type { TrialImage, TrialRequest } from '../trial.ts';
import type { ReasoningEffort } from './openai-sampling.ts';

/** How OpenAI's APIs say how long to think, and whether at all. */
export function toReasoningEffort({
  effort,
  thinking,
}: Pick<TrialRequest, 'effort' | 'thinking'>): ReasoningEffort | undefined {
  if (thinking === 'off') return 'none';
  return effort ?? (thinking === 'on' ? 'medium' : undefined);
}

/** A picture as OpenAI's APIs take it. */
export function toImageUrl({ mediaType, data }: TrialImage): string {
  return `data:${mediaType};base64,${data}`;
}

import type { Effort, Thinking } from '../../run.ts';

/** How OpenAI's APIs say how long to think. */
export type ReasoningEffort = keyof typeof EFFORTS;

/** The API's highest temperature; OpenAI's scale goes to 2. */
const HIGHEST_TEMPERATURE = 1;

const EFFORTS = {
  none: undefined,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
} as const satisfies Record<string, Effort | undefined>;

/** The temperature on the API's scale. */
export function toTemperature(temperature: number | null | undefined): number | undefined {
  return temperature ? Math.min(temperature, HIGHEST_TEMPERATURE) : (temperature ?? undefined);
}

/** Whether a temperature reaches the model as it is. One that does not is named among the ignored. */
export function isOnScale(temperature: unknown): boolean {
  return Number(temperature) <= HIGHEST_TEMPERATURE;
}

/** The API's effort. */
export function toEffort(effort: ReasoningEffort | null | undefined): Effort | undefined {
  return effort ? EFFORTS[effort] : undefined;
}

/** Whether to think at all. */
export function toThinking(effort: ReasoningEffort | null | undefined): Thinking {
  if (!effort) return { type: 'default' };
  return effort === 'none' ? { type: 'off' } : { type: 'adaptive' };
}

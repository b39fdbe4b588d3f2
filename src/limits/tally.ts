import type { RunEvent, RunProgress, TokenUsage } from '../run.ts';
import type { Spent } from './key-limits.ts';

/** What is reckoned for an answer that was broken off: nobody tells its true count. */
const CHARACTERS_PER_TOKEN = 4;

/** Adds up what a run used, as far as its events tell. */
export function createTally() {
  let started = 0;
  let characters = 0;
  let ended: Spent | undefined;

  return {
    add(event: RunEvent | RunProgress) {
      if (event.type === 'run-start') started = toTokens(event.usage);
      else if (event.type === 'part-delta') characters += event.delta.length;
      else if (event.type === 'run-end') {
        ended = { tokens: toTokens(event.usage), costUsd: event.agent?.costUsd ?? 0 };
      }
    },
    spent: (): Spent =>
      ended ?? { tokens: started + Math.ceil(characters / CHARACTERS_PER_TOKEN), costUsd: 0 },
  };
}

function toTokens({ input, output, cacheRead, cacheWrite }: TokenUsage) {
  return input + output + cacheRead + cacheWrite;
}

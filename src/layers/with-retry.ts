import { setTimeout as delay } from 'node:timers/promises';

import type { Run } from '../run.ts';
import { RunError } from '../run-error.ts';

export type RetryOptions = {
  /** Tries beyond the first. */
  maxRetries: number;
  /** Wait before the second try; doubles with every further one. */
  firstDelayMs: number;
  /** Told before every further try. Default: nobody. */
  onRetry?: () => void;
};

/**
 * Tries again what the CLI cannot see: that it did not start, or died before it said anything. Failed
 * API calls are not tried again here; the CLI did that already. An agent's run is not repeated, since
 * its session may exist by now.
 */
export function withRetry(
  run: Run,
  { maxRetries, firstDelayMs, onRetry = () => {} }: RetryOptions,
): Run {
  return async function* retrying(request, signal) {
    for (let attempt = 0; ; attempt += 1) {
      let hasBegun = false;
      try {
        for await (const event of run(request, signal)) {
          hasBegun ||= event.type !== 'run-progress';
          yield event;
        }
        return;
      } catch (error) {
        const isOver = hasBegun || request.agent !== undefined || attempt >= maxRetries;
        if (isOver || !(error instanceof RunError) || error.code !== 'cli-failed') throw error;
      }
      await delay(firstDelayMs * 2 ** attempt, undefined, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      onRetry();
    }
  };
}

import type { ApiKey } from '../keys/api-key.ts';
import { RunError } from '../run-error.ts';

/** How soon a place may be free, in seconds: nobody knows. */
const RETRY_AFTER_SECONDS = 1;

export type Places = {
  /** Takes a place and returns the function that frees it. Throws `rate-limited` when the key has no more. */
  take: (key: Pick<ApiKey, 'id' | 'runningAtOnce'>) => () => void;
  /** How many the key has taken. */
  count: (keyId: string) => number;
};

/** Counts each key's requests that are under way. */
export function createPlaces(): Places {
  const taken = new Map<string, number>();

  return {
    count: (keyId) => taken.get(keyId) ?? 0,
    take({ id, runningAtOnce = Infinity }) {
      const count = taken.get(id) ?? 0;
      if (count >= runningAtOnce) {
        throw new RunError(
          'rate-limited',
          `This key may have ${runningAtOnce} requests under way at once, and has.`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      }
      taken.set(id, count + 1);
      return () => {
        const left = (taken.get(id) ?? 1) - 1;
        if (left > 0) taken.set(id, left);
        else taken.delete(id);
      };
    },
  };
}

import type { ApiKey } from '../keys/api-key.ts';
import { RunError } from '../run-error.ts';

/** How soon a place may be free, in seconds: nobody knows. */
const RETRY_AFTER_SECONDS = 1;

/** Requests of keys that are under way. */
export type Places = {
  /**
   * Takes a place and resolves with the function that frees it, which never throws. Throws `rate-limited` when the
   * key has no more.
   */
  take: (key: Pick<ApiKey, 'id' | 'runningAtOnce'>) => Promise<() => Promise<void>>;
  /** How many the key has taken. */
  count: (keyId: string) => Promise<number>;
};

/** Counts each key's requests that are under way in this server. */
export function createPlaces(): Places {
  const taken = new Map<string, number>();

  return {
    count: async (keyId) => taken.get(keyId) ?? 0,
    async take({ id, runningAtOnce = Infinity }) {
      const count = taken.get(id) ?? 0;
      if (count >= runningAtOnce) throw toPlacesError(runningAtOnce);
      taken.set(id, count + 1);
      return async () => {
        const left = (taken.get(id) ?? 1) - 1;
        if (left > 0) taken.set(id, left);
        else taken.delete(id);
      };
    },
  };
}

/** What a key is told that has no more places. */
export function toPlacesError(runningAtOnce: number): RunError {
  return new RunError(
    'rate-limited',
    `This key may have ${runningAtOnce} requests under way at once, and has.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

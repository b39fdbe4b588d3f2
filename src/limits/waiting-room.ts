import { toRunError } from '../run-error.ts';
import type { Places } from './places.ts';

/** Under this name the places of all keys together are counted; no key has such an id. */
const ALL = 'all that wait';

/**
 * Makes what takes room for one more run that waits for an answer, and resolves with what frees it, or with `undefined`
 * where as many wait as may: over all servers that count in these places. Throws `queue-timeout` while those are away.
 */
export function createWaitingRoom(places: Pick<Places, 'take'>, readMost: () => number) {
  return (): Promise<(() => Promise<void>) | undefined> =>
    places.take({ id: ALL, runningAtOnce: readMost() }).catch((error: unknown) => {
      if (toRunError(error).code !== 'rate-limited') throw error;
      return undefined;
    });
}

/** How many runs may wait beside those at work: each holds a process. */
export function toMostWaiting({
  maxProcesses,
  workerConcurrency,
}: {
  maxProcesses: number;
  workerConcurrency: number;
}): number {
  return Math.max(1, maxProcesses - workerConcurrency);
}

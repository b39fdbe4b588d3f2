import { setTimeout as delay } from 'node:timers/promises';

export type PatientWritesOptions = {
  /** How long a write that failed is tried again, in milliseconds. Default: 0, not at all. */
  patienceMs?: number;
  /** Told of each write that is given up. */
  onProblem: (error: unknown) => void;
};

export type PatientWrites = {
  /**
   * Resolves after the first try, so that nobody waits for a store that is away; `settled` resolves when the write
   * has succeeded, or is given up. Neither throws.
   */
  write: (task: () => Promise<void>) => Promise<{ settled: Promise<void> }>;
  /** From here on, what failed is tried only once more. */
  hurry: () => void;
  /** Resolves when nothing is being tried again. */
  close: () => Promise<void>;
};

/** A Redis that restarts, or fails over, is back by then, in milliseconds. */
export const PATIENCE_MS = 60_000;

/** Time between two tries, in milliseconds. */
const RETRY_MS = 500;

/** Writes what must not fail the answer that it belongs to, and tries again what failed. */
export function createPatientWrites({
  patienceMs = 0,
  onProblem,
}: PatientWritesOptions): PatientWrites {
  const hurried = new AbortController();
  const retrying = new Set<Promise<void>>();

  async function retry(task: () => Promise<void>, firstError: unknown) {
    const untilMs = performance.now() + patienceMs;
    let error = firstError;
    for (let isLast = false; !isLast && performance.now() < untilMs;) {
      await delay(RETRY_MS, undefined, { signal: hurried.signal }).catch(ignore);
      isLast = hurried.signal.aborted;
      try {
        return await task();
      } catch (again) {
        error = again;
      }
    }
    onProblem(error);
  }

  return {
    async write(task) {
      try {
        await task();
        return { settled: Promise.resolve() };
      } catch (error) {
        const settled = retry(task, error);
        retrying.add(settled);
        void settled.finally(() => retrying.delete(settled));
        return { settled };
      }
    },
    hurry: () => hurried.abort(),
    async close() {
      hurried.abort();
      await Promise.all(retrying);
    },
  };
}

function ignore(): void {}

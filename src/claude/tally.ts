import type { BackendCounts } from '../backend.ts';

/** What the back end counts for its operator, from its start on. */
export type Tally = Pick<BackendCounts, 'spares' | 'apiRetries'> & {
  /** Counts a request for a process, by whether one that was started ahead was ready. */
  countTaken: (kind: keyof BackendCounts['spares'], isHit: boolean) => void;
  /** Counts a retried API call, by the status that the API answered. */
  countApiRetry: (status: number | undefined) => void;
};

/** Makes counts that begin at nothing. */
export function createTally(): Tally {
  const spares = { chat: { hit: 0, missed: 0 }, agent: { hit: 0, missed: 0 } };
  const apiRetries = new Map<string, number>();
  return {
    spares,
    apiRetries,
    countTaken(kind, isHit) {
      spares[kind][isHit ? 'hit' : 'missed'] += 1;
    },
    countApiRetry(status) {
      const label = status === undefined ? 'none' : String(status);
      apiRetries.set(label, (apiRetries.get(label) ?? 0) + 1);
    },
  };
}

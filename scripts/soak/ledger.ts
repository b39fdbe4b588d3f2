import { toQuantile } from '../../bench/statistics.ts';

/** What a request came to: a status, or one of the soak's own words. */
export type Outcome = string;

/** Of a request whose process was killed under it; no more of them than processes that were. */
export const KILLED = 'its CLI was killed';

/** Of a chat, and of an agent, whose worker in a cluster was lost. */
export const WORKER_LOST = 'its worker was lost';
export const INTERRUPTED = 'interrupted';

/** Of one whose front was not heard of, and came back. */
export const FRONT_AWAY = 'its front was away';

/** What the callers met, by what they did. */
export type Ledger = {
  note(kind: string, outcome: Outcome, latencyMs: number): void;
  readonly requests: number;
  /** How often `KILLED` was noted. */
  readonly killed: number;
  /** What was noted and is not allowed to its kind. */
  listFaults(allowed: Readonly<Record<string, RegExp>>): string[];
  toRows(): string[][];
};

type Entry = { outcomes: Map<Outcome, number>; latenciesMs: number[] };

export function createLedger(): Ledger {
  const entries = new Map<string, Entry>();
  const count = (outcome: Outcome) =>
    [...entries.values()].reduce((sum, { outcomes }) => sum + (outcomes.get(outcome) ?? 0), 0);
  return {
    note(kind, outcome, latencyMs) {
      const entry = entries.get(kind) ?? { outcomes: new Map<Outcome, number>(), latenciesMs: [] };
      entries.set(kind, entry);
      entry.outcomes.set(outcome, (entry.outcomes.get(outcome) ?? 0) + 1);
      entry.latenciesMs.push(latencyMs);
    },
    get requests() {
      return [...entries.values()].reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
    },
    get killed() {
      return count(KILLED);
    },
    listFaults: (allowed) =>
      [...entries].flatMap(([kind, { outcomes }]) =>
        [...outcomes]
          .filter(([outcome]) => outcome !== KILLED && !allowed[kind]?.test(outcome))
          .map(([outcome, times]) => `${kind}: ${times} × ${outcome}`),
      ),
    toRows: () => [
      ['what', 'requests', 'p50, ms', 'p95, ms', 'outcomes'],
      ...[...entries].map(([kind, { outcomes, latenciesMs }]) => [
        kind,
        String(latenciesMs.length),
        toQuantile(latenciesMs, 0.5).toFixed(0),
        toQuantile(latenciesMs, 0.95).toFixed(0),
        [...outcomes].map(([outcome, times]) => `${times} × ${outcome}`).join(', '),
      ]),
    ],
  };
}

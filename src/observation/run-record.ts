import type { RunError, RunErrorCode } from '../run-error.ts';
import type { Caller, RunFinish, RunStep, TokenUsage } from '../run.ts';

/** How a run ended: its finish reason, or the code of its error. */
export type RunOutcome = RunFinish | RunErrorCode;

/** What is told of a run: numbers and names, never what was said in it. */
export type RunRecord = {
  /** The request's id, as the caller has it in the headers. */
  readonly id: string;
  /** Names the key; never the key itself. */
  readonly keyId: string;
  readonly dialect: string;
  readonly isAgent: boolean;
  /** As the caller wrote it, cut off where it is longer than any model's name. */
  readonly requestedModel: string;
  /** The full id of the model that answers, once known. */
  model: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When the run got there, in milliseconds since its start. */
  readonly reachedMs: Partial<Record<RunStep, number>>;
  /** The first piece of the answer, in milliseconds since the start. */
  firstTokenMs: number | undefined;
  /** The end, in milliseconds since the start; `undefined` while it runs. */
  totalMs: number | undefined;
  usage: TokenUsage;
  /** Characters of the answer so far: the API tells the tokens only at the end. */
  characters: number;
  /** In US dollars, of agents; what a chat cost is known only after its end. */
  costUsd: number | undefined;
  /** `undefined` while it runs. */
  outcome: RunOutcome | undefined;
  /** What failed, for the log. */
  failure: RunError | undefined;
};

/** Hears of every run. The record is the same object from start to end, and changes as the run goes on. */
export type RunObserver = {
  /** `stop` ends the run for this reason. */
  started?(record: Readonly<RunRecord>, stop: (reason: unknown) => void): void;
  /** `atMs` is when, in milliseconds since 1970. Default: now. */
  ended?(record: Readonly<RunRecord>, atMs?: number): void;
  /** What a run that ended turns out to have cost, in US dollars, told at `atMs`. */
  charged?(caller: Charged, costUsd: number, atMs?: number): void;
};

/** Whom a cost is charged to, and for which request. */
type Charged = Pick<Caller, 'keyId' | 'requestId'>;

/** Whether a run that ended went well. Whoever leaves has not met an error. */
export function toStatus({
  outcome,
  failure,
}: Readonly<RunRecord>): 'done' | 'failed' | 'cancelled' {
  if (outcome === 'cancelled') return 'cancelled';
  return failure === undefined ? 'done' : 'failed';
}

/** Tells several observers, in this order. */
export function combineObservers(observers: readonly RunObserver[]): RunObserver {
  return {
    started: (record, stop) => observers.forEach((observer) => observer.started?.(record, stop)),
    ended: (record) => observers.forEach((observer) => observer.ended?.(record)),
    charged: (caller, costUsd) =>
      observers.forEach((observer) => observer.charged?.(caller, costUsd)),
  };
}

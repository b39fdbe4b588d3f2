import type { Call, CallOutcome } from '../calls.ts';
import { toNoWorker, toQueueAway, toWorkerLost } from '../refusals.ts';
import type { RunError } from '../../run-error.ts';

/** Which worker is asked. */
export type Addressee = {
  /** One that can do it, another than this one. */
  find: (except?: string) => string | undefined;
  /** What is thrown where there is none. */
  toAway: () => RunError;
  /** Whether it may be done twice. Default: no. */
  isRepeatable?: boolean;
};

/** Asks a worker. Throws what is thrown there, and `cli-failed` when it was lost and no other may be asked. */
export type AskAWorker = (
  method: string,
  args: readonly unknown[],
  addressee: Addressee,
) => Promise<unknown>;

type Parts = {
  calls: { ask: (worker: string, call: Call) => Promise<CallOutcome> };
  isUp: () => boolean;
};

/**
 * Makes what asks workers. When one is lost before it answers, another one is asked, once, if the first has not begun or
 * the call may be done twice.
 */
export function createAskAWorker({ calls, isUp }: Parts): AskAWorker {
  return async (method, args, { find, toAway, isRepeatable = false }) => {
    const askOne = async (worker: string | undefined) => {
      if (!isUp()) throw toQueueAway();
      if (worker === undefined) throw toAway();
      return calls.ask(worker, { method, args });
    };
    const first = find();
    let outcome = await askOne(first);
    const isOpen = outcome.kind === 'lost' && (isRepeatable || !outcome.mayHaveBegun);
    if (isOpen) outcome = await askOne(find(first));
    if (outcome.kind === 'lost') throw toWorkerLost();
    return outcome.value;
  };
}

/** What only this worker can do. */
export function toOne(worker: string): Addressee {
  return {
    find: (except) => (except === worker ? undefined : worker),
    toAway: toWorkerLost,
  };
}

/** Finds the worker with the least to do that has these tags, another than the second one. */
export type FindLeastBusy = (tags?: readonly string[], except?: string) => string | undefined;

/** What each worker with these tags can do. */
export function toAny(leastBusy: FindLeastBusy, tags?: readonly string[]): Addressee {
  return { find: (except) => leastBusy(tags, except), toAway: () => toNoWorker(tags) };
}

import type { CountTokens, Run } from '../run.ts';
import type { Gate } from './gate.ts';

/** Starts a run when the gate gives it a place, and holds the place until its stream has ended. */
export function withGate(run: Run, gate: Gate): Run {
  return async function* runBehindGate(request, signal) {
    const { caller, isPatient } = request;
    if (isPatient) yield { type: 'run-progress', step: 'queued' };
    const leave = await gate.enter(caller.keyId, signal, { isPatient });
    try {
      // The caller may have left in the moment in which the place was given.
      signal.throwIfAborted();
      yield { type: 'run-progress', step: 'placed' };
      yield* run(request, signal);
    } finally {
      leave();
    }
  };
}

/** Counts behind the gate, as what counts needs a process like a run. */
export function countBehindGate(countTokens: CountTokens, gate: Gate): CountTokens {
  return async (request, signal) => {
    const leave = await gate.enter(request.caller.keyId, signal);
    try {
      return await countTokens(request, signal);
    } finally {
      leave();
    }
  };
}

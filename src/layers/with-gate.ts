import type { Backend, Steering } from '../backend.ts';
import type { CountTokens, Run, RunRequest } from '../run.ts';
import { isInputRequest } from '../run-input.ts';
import type { Gate } from './gate.ts';

/** The places that runs hold, by their ids: one that waits for its caller gives its place back meanwhile. */
export type HeldPlaces = {
  enter: (request: RunRequest, signal: AbortSignal, onWait?: () => void) => Promise<Place>;
  /**
   * Waits for a place for a run that gave its own back and is about to be told this; it has one when it
   * waits for nothing else. Throws as the gate does.
   */
  takeAgain: (runId: string, inputId: string) => Promise<void>;
};

type Place = {
  /** The run waits for this from here on. */
  wait: (inputId: string) => void;
  /** It waits for this no more: waits for a place if that was the last. */
  settle: (inputId: string) => Promise<void>;
  end: () => void;
};

type ReturnedPlace = { isLast: (inputId: string) => boolean; takeAgain: () => Promise<void> };

/** Makes the list of the places that are held. */
export function createHeldPlaces(gate: Gate): HeldPlaces {
  const returned = new Map<string, ReturnedPlace>();

  return {
    async enter({ caller: { keyId, requestId }, isPatient }, signal, onWait) {
      const waiting = new Set<string>();
      let leave = await gate.enter(keyId, signal, { isPatient, onWait });
      let isOver = false;
      let taking: Promise<void> | undefined;
      const take = async () => {
        // Whoever has begun is not sent away.
        leave = await gate.enter(keyId, signal, { isPatient: true });
        taking = undefined;
        returned.delete(requestId);
        if (isOver) leave();
      };
      const own: ReturnedPlace = {
        isLast: (inputId) => [...waiting].every((id) => id === inputId),
        takeAgain: async () => {
          if (returned.get(requestId) === own) await (taking ??= take());
        },
      };
      const giveBack = () => {
        leave();
        returned.set(requestId, own);
      };
      return {
        wait(inputId) {
          waiting.add(inputId);
          giveBack();
        },
        async settle(inputId) {
          waiting.delete(inputId);
          if (waiting.size > 0) giveBack();
          else await own.takeAgain();
        },
        end() {
          isOver = true;
          if (returned.get(requestId) === own) returned.delete(requestId);
          leave();
        },
      };
    },
    async takeAgain(runId, inputId) {
      const place = returned.get(runId);
      if (place?.isLast(inputId)) await place.takeAgain();
    },
  };
}

/**
 * Starts a run when the gate gives it a place, and holds the place until its stream has ended, or until it
 * waits for its caller. `anticipate` is told of one that has to wait, and what it returns is called when that
 * has left or its run is over. `tellsTurn`: whether it says where a run is; what queues behind an open gate does.
 */
export function withGate(
  run: Run,
  places: HeldPlaces,
  anticipate: NonNullable<Backend['anticipate']> = () => ignore,
  tellsTurn = true,
): Run {
  return async function* runBehindGate(request, signal) {
    if (request.isPlaced) return yield* placed(run(request, signal));
    if (tellsTurn && request.isPatient) yield { type: 'run-progress', step: 'queued' };
    let forget = ignore;
    let place: Place | undefined;
    try {
      place = await places.enter(request, signal, () => (forget = anticipate(request)));
      // The caller may have left in the moment in which the place was given.
      signal.throwIfAborted();
      if (tellsTurn) yield { type: 'run-progress', step: 'placed' };
      for await (const event of run(request, signal)) {
        if (isInputRequest(event)) place.wait(event.id);
        if (event.type === 'input-settled') await place.settle(event.id); // it may have been withdrawn
        yield event;
      }
    } finally {
      place?.end();
      forget();
    }
  };
}

function ignore(): void {}

async function* placed(events: ReturnType<Run>): ReturnType<Run> {
  yield { type: 'run-progress', step: 'placed' };
  yield* events;
}

/** Hands an answer on when the run that waits for it has a place again. */
export function steerThroughGate(steering: Steering, places: HeldPlaces): Steering {
  return {
    ...steering,
    async answer(runId, inputId, answer) {
      await places.takeAgain(runId, inputId);
      await steering.answer(runId, inputId, answer);
    },
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

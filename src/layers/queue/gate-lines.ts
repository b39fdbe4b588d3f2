import { createFairQueue, type FairQueue, type Turns } from './fair-queue.ts';

/** Who waits at the gate, line by line. */
export type GateLines<Turn> = {
  /** Those who are sent away when it takes too long. */
  usual: FairQueue<Turn>;
  /** Those who wait as long as it takes. */
  patient: FairQueue<Turn>;
  /** Those who wait behind everybody else of their key. */
  last: FairQueue<Turn>;
  /** Takes whose turn it is. */
  shift: () => Turn | undefined;
};

/**
 * Makes the lines. The patient and the usual ones take turns. One of the last line comes when its key had its
 * last turn before every key that waits in another; so its own key cannot be one of those.
 */
export function createGateLines<Turn>(): GateLines<Turn> {
  const turns: Turns = { last: new Map(), count: 0 };
  const usual = createFairQueue<Turn>({ turns });
  const patient = createFairQueue<Turn>({ turns });
  const last = createFairQueue<Turn>({ turns });
  let isPatientNext = false;

  const isTurnOfLast = () => {
    const others = Math.min(usual.nextTurn ?? Infinity, patient.nextTurn ?? Infinity);
    return last.nextTurn !== undefined && last.nextTurn < others;
  };

  return {
    usual,
    patient,
    last,
    shift() {
      if (isTurnOfLast()) return last.shift();
      isPatientNext = !isPatientNext;
      return isPatientNext
        ? (usual.shift() ?? patient.shift())
        : (patient.shift() ?? usual.shift());
    },
  };
}

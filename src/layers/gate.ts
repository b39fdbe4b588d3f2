import { addAbortListener } from 'node:events';

import pLimit from 'p-limit';

import { RunError } from '../run-error.ts';
import type { FairQueue } from './queue/fair-queue.ts';
import { createGateLines } from './queue/gate-lines.ts';

export type GateOptions = {
  /** Runs at the same time. */
  concurrency: number;
  /** Runs that may wait; 0 refuses whatever cannot start at once. */
  maxQueueSize: number;
  /** The longest wait, in milliseconds. */
  queueTimeoutMs: number;
};

type GateCounts = { running: number; waiting: number; concurrency: number };

export type Gate = {
  /**
   * Waits for a place and returns the function that frees it; calling that twice does no harm.
   * Throws `queue-full`, `queue-timeout` or `shutting-down`, or the signal's reason. In a full queue a key
   * with fewer who wait takes the place of the latest of the key with the most; one of each key may always
   * wait.
   */
  enter: (
    keyId: string,
    signal: AbortSignal,
    /**
     * One that is patient is never sent away, and takes nobody's room in the queue. One that is last waits
     * behind everybody else of its key besides, and is not counted among those who wait.
     */
    options?: {
      isPatient?: boolean | undefined;
      isLast?: boolean | undefined;
      /** Called when there is no place at once. Default: nothing. */
      onWait?: (() => void) | undefined;
    },
  ) => Promise<() => void>;
  counts: () => GateCounts;
  /** Told whenever the counts change; one listener at a time. */
  onChange: (listener: () => void) => void;
  /** Sends those who wait away, and whoever comes later; running ones keep their place. */
  close: () => void;
};

type Turn = { resolve: (leave: () => void) => void; giveUp: (reason: unknown) => void };

/**
 * Makes the gate that limits how many runs go on at once, with turns taken fairly among keys.
 * p-limit holds the places. It cannot give one back to somebody who left while queued, so nobody ever
 * queues there: a run is handed over only while a place is free.
 */
export function createGate({ concurrency, maxQueueSize, queueTimeoutMs }: GateOptions): Gate {
  const limit = pLimit(concurrency);
  const { usual, patient, last, shift } = createGateLines<Turn>();
  let isClosed = false;
  let noteChange = ignore;

  const admit = (): void => {
    noteChange();
    while (limit.activeCount < concurrency) {
      const turn = shift();
      if (turn === undefined) return;
      const place = Promise.withResolvers<void>();
      void limit(() => place.promise).then(admit);
      turn.resolve(() => place.resolve());
    }
  };

  const enter: Gate['enter'] = async (keyId, signal, { isPatient, isLast, onWait } = {}) => {
    signal.throwIfAborted();
    if (isClosed) throw toShuttingDown();
    const line = isLast ? last : isPatient ? patient : usual;
    const retryAfterSeconds = () => toRetryAfterSeconds(usual.size, concurrency);
    const isFull = limit.activeCount >= concurrency && usual.size >= maxQueueSize;
    if (line === usual && isFull) makeRoom(usual, keyId, toQueueFull(retryAfterSeconds()));
    const giveUpAfter =
      line === usual
        ? { ms: queueTimeoutMs, toError: () => toQueueTimeout(retryAfterSeconds()) }
        : undefined;
    try {
      return await waitForTurn(line, keyId, signal, { giveUpAfter, admit, onWait });
    } finally {
      noteChange();
    }
  };

  return {
    enter,
    onChange(listener) {
      noteChange = listener;
    },
    counts: () => ({ running: limit.activeCount, waiting: usual.size + patient.size, concurrency }),
    close() {
      isClosed = true;
      for (let turn = shift(); turn !== undefined; turn = shift()) {
        turn.giveUp(toShuttingDown());
      }
    },
  };
}

function ignore(): void {}

/** Sends somebody away for a newcomer, or throws where it is the newcomer who has to go. */
function makeRoom(queue: FairQueue<Turn>, keyId: string, full: RunError): void {
  const own = queue.count(keyId);
  const most = queue.findLatestOfMost();
  // With one less than the other the two would only change their parts.
  if (most && queue.count(most.key) > own + 1) most.entry.giveUp(full);
  else if (own > 0 || queue.size === 0) throw full;
}

type Waiting = {
  /** Default: it waits as long as it takes. */
  giveUpAfter: { ms: number; toError: () => RunError } | undefined;
  /** Called once it stands in the queue. */
  admit: () => void;
  onWait: (() => void) | undefined;
};

/** Waits in a queue for its turn. Throws the signal's reason, or the error of the timeout. */
async function waitForTurn(
  queue: FairQueue<Turn>,
  keyId: string,
  signal: AbortSignal,
  { giveUpAfter, admit, onWait }: Waiting,
): Promise<() => void> {
  const { promise, resolve, reject } = Promise.withResolvers<() => void>();
  // Leaves before it rejects: a place handed to a turn that was given up would never come back.
  const giveUp = (reason: unknown): void => {
    leave();
    reject(reason);
  };
  let isWaiting = true;
  const take = (free: () => void): void => {
    isWaiting = false;
    resolve(free);
  };
  const leave = queue.push(keyId, { resolve: take, giveUp });
  using _listener = addAbortListener(signal, () => giveUp(signal.reason));
  const timer = giveUpAfter && setTimeout(() => giveUp(giveUpAfter.toError()), giveUpAfter.ms);
  admit();
  if (isWaiting) onWait?.();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** A guess: each run that waits takes a second of a place. Clients ignore what is over a minute. */
function toRetryAfterSeconds(waiting: number, concurrency: number): number {
  return Math.min(60, Math.ceil((waiting + 1) / concurrency));
}

function toQueueFull(seconds: number): RunError {
  return new RunError('queue-full', 'Too many requests are waiting already. Try again later.', {
    retryAfterSeconds: seconds,
  });
}

function toQueueTimeout(seconds: number): RunError {
  return new RunError('queue-timeout', 'No place became free in time. Try again later.', {
    retryAfterSeconds: seconds,
  });
}

function toShuttingDown(): RunError {
  return new RunError('shutting-down', 'The server is shutting down.');
}

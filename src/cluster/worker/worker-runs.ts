import { setTimeout as delay } from 'node:timers/promises';

import { requestFromWire } from '../../run-wire.ts';
import type { Run } from '../../run.ts';
import { isInputRequest } from '../../run-input.ts';
import { RunError } from '../../run-error.ts';
import { within } from '../../common/within.ts';
import { toEventsPlace } from '../front/read-run-events.ts';
import type { RunRecords } from '../run-records.ts';
import type { Seal } from '../seal.ts';
import { type Batch, sendEvents } from './send-events.ts';

export type WorkerRunsOptions = {
  records: RunRecords;
  seal: Seal;
  worker: string;
  run: Run;
  /** Whether Redis has been there long enough for everyone who lives to have said so. */
  isSettled: () => boolean;
  /** Offers a run that is handed back to the other workers. */
  offer: (run: string, round: number, tags: readonly string[] | undefined) => Promise<void>;
  /** Called when one begins or ends. */
  onChange: () => void;
  onProblem: (error: unknown) => void;
};

/** A run that is at work here. */
type RunAtWork = {
  attempt: number;
  front: string;
  tags: readonly string[] | undefined;
  stop: AbortController;
  /** What its caller was asked; meanwhile it holds no place. */
  asked: Set<string>;
  /** Rounds in which its front was not there. */
  missed: number;
};

/** Bytes that a front has not read before a run is read no further. */
const MOST_AHEAD = 1_048_576;

/** How often it is looked whether a slow front has read more, in milliseconds. */
const LOOK_MS = 100;

/** Rounds without its front after which a run is cancelled: one that lost Redis for a moment is back by then. */
const MOST_MISSED = 2;

/** Longest time to hand a run back, in milliseconds. */
const HAND_BACK_MS = 1000;

/** Requests of whose fronts it is known where they came from: what a run cost is told after its end. */
const MOST_FRONTS = 10_000;

/** The runs of one worker: claims them, carries them out, and sends what they say. */
export function createWorkerRuns(options: WorkerRunsOptions) {
  const { records, seal } = options;
  const append = createAppend(options);
  const atWork = new Map<string, RunAtWork>();
  const fronts = new Map<string, string>();

  async function carryOut(id: string, onBegun: () => void): Promise<void> {
    const { worker, isSettled } = options;
    const claimed = await records.claim(id, worker, isSettled());
    const { verdict, attempt, front, request: sealed } = claimed;
    if (verdict !== 'yours' || !sealed) return;
    const request = requestFromWire(seal.open(sealed, `request ${id}`));
    const one: RunAtWork = {
      attempt,
      front,
      tags: request.tags,
      stop: new AbortController(),
      missed: 0,
      asked: new Set(),
    };
    atWork.set(id, one);
    noteFront(fronts, request.caller.requestId, front);
    options.onChange();
    setImmediate(onBegun); // when the CLI has been told
    try {
      const events = options.run(request, one.stop.signal);
      await sendEvents(noteAsked(events, one.asked, options.onChange), {
        isWhole: request.isWhole === true && !request.agent,
        append: (batch) => append(id, one, batch),
      });
    } finally {
      atWork.delete(id);
      options.onChange();
    }
  }

  const countWaiting = () => [...atWork.values()].filter(({ asked }) => asked.size > 0).length;

  const { checkOne, handBack } = createWatchOver(options);

  return {
    carryOut,
    /** Those that hold a place. */
    count: () => atWork.size - countWaiting(),
    countWaiting,
    countByFront: () => countByFront([...atWork.values()]),
    frontOf: (requestId: string) => fronts.get(requestId),
    cancel: (id: string) => atWork.get(id)?.stop.abort(toCancelled()),
    /** Ends runs that went elsewhere, and those whose front is lost. */
    check: async () => {
      await Promise.all([...atWork].map(([id, one]) => checkOne(id, one)));
    },
    /** Hands back what nobody has heard anything of, and ends the rest for this reason. */
    leave: async (reason: RunError) => {
      await Promise.all([...atWork].map(([id, one]) => handBack(id, one, reason)));
    },
  };
}

function countByFront(runs: readonly RunAtWork[]) {
  const counts: Record<string, number> = {};
  for (const { front } of runs) counts[front] = (counts[front] ?? 0) + 1;
  return counts;
}

/** Looks whether a run is still wanted here, and gives it away. */
function createWatchOver({ records, isSettled, offer, onProblem }: WorkerRunsOptions) {
  async function checkOne(id: string, one: RunAtWork) {
    const isMine = await records.isAtWork(id, one.attempt);
    const isThere = (await records.hasFront(one.front)) || !isSettled();
    one.missed = isThere ? 0 : one.missed + 1;
    const isLeft = one.missed >= MOST_MISSED;
    // A front that was only cut off comes back, and has to tell its callers.
    if (isLeft) await records.abandon(id, one.attempt, 'elsewhere');
    if (isLeft || !isMine) one.stop.abort(isLeft ? toLeft() : toCancelled());
  }

  async function handBack(id: string, { attempt, tags, stop }: RunAtWork, reason: RunError) {
    const handing = records.handBack(id, attempt).catch(onProblem);
    const round = await within(handing, HAND_BACK_MS);
    if (typeof round === 'number') {
      await within(offer(id, round, tags).catch(onProblem), HAND_BACK_MS);
    }
    stop.abort(round === 'kept' ? reason : toCancelled());
  }

  return { checkOne, handBack };
}

/** Sends a run's batches; resolves with whether more is wanted. A reader that lags behind is waited for. */
function createAppend({ records, seal, onProblem }: WorkerRunsOptions) {
  return async (id: string, { attempt, stop }: RunAtWork, batch: Batch): Promise<boolean> => {
    const untilRead = async () => {
      do await delay(LOOK_MS);
      while (!stop.signal.aborted && (await records.readAhead(id)) > MOST_AHEAD);
    };
    const { seq, texts, isLast } = batch;
    const data = seal.close(JSON.stringify({ texts, isLast }), toEventsPlace(id, attempt, seq));
    const appending = records.append(id, { ...batch, attempt, data });
    const ahead = await appending.catch(async (error: unknown) => {
      onProblem(error);
      await records.abandon(id, attempt, 'lost').catch(onProblem);
    });
    if (ahead === undefined) {
      stop.abort(toCancelled());
      return false;
    }
    if (!isLast && ahead > MOST_AHEAD) await untilRead();
    return true;
  };
}

/** Reads along what a run asks its caller. */
async function* noteAsked(
  events: ReturnType<Run>,
  asked: Set<string>,
  onChange: () => void,
): ReturnType<Run> {
  for await (const event of events) {
    const isAsking = isInputRequest(event);
    if (isAsking) asked.add(event.id);
    if (event.type === 'input-settled') asked.delete(event.id);
    if (isAsking || event.type === 'input-settled') onChange();
    yield event;
  }
}

function noteFront(fronts: Map<string, string>, requestId: string, front: string) {
  fronts.set(requestId, front);
  const [oldest] = fronts.keys();
  if (fronts.size > MOST_FRONTS && oldest !== undefined) fronts.delete(oldest);
}

/** Why a run ends here whose front is lost. */
function toLeft() {
  return new RunError('cancelled', 'The front that asked for this run was not heard of any more.');
}

/** Why a run ends here of which nobody wants more. */
function toCancelled() {
  return new RunError('cancelled', 'The caller left.');
}

import { eventsToWire } from '../../run-wire.ts';
import type { Run, RunStep } from '../../run.ts';

/** One step of what a run says. `seq` counts from 1. */
export type Batch = { seq: number; texts: readonly string[]; hasBegun: boolean; isLast: boolean };

export type SendOptions = {
  /** Nothing but progress is sent before the end. */
  isWhole: boolean;
  /** Resolves when the next batch may be sent; with false when nobody wants one any more. */
  append: (batch: Batch) => Promise<boolean>;
};

/** Steps that only the watchdogs, which stand beside the CLI, look for: each would be a message of its own. */
const STAY: ReadonlySet<RunStep> = new Set<RunStep>(['asked', 'heard']);

/** Characters that may wait for the batch before them, before the run is read no further. */
const MOST_WAITING = 262_144;

/** Batches on their way at a time: the first words need not wait until it is known that the beginning has arrived. */
const MOST_ON_THEIR_WAY = 2;

/**
 * Sends what a run says, in order: what it says in one breath at once, and no later than that. While two batches are on
 * their way the next one gathers, so that a quick run is sent in few, a slow one event by event. A reader that lags behind
 * stops the reading.
 */
export async function sendEvents(
  events: ReturnType<Run>,
  { isWhole, append }: SendOptions,
): Promise<void> {
  const outbox = createOutbox(append);
  let hasBegun = false;
  async function* noting() {
    for await (const event of events) {
      if (event.type === 'run-progress' && STAY.has(event.step)) continue;
      hasBegun ||= event.type !== 'run-progress';
      yield event;
    }
  }
  for await (const text of eventsToWire(noting())) {
    const isSent = await outbox.put(text, { hasBegun, isHeldBack: isWhole && hasBegun });
    if (!isSent) return;
  }
  await outbox.end(hasBegun);
}

/** What waits to be sent. */
function createOutbox(append: SendOptions['append']) {
  const state = {
    texts: [] as string[],
    size: 0,
    seq: 0,
    hasBegun: false,
    isHeldBack: false,
    hasEnded: false,
  };
  const way = createWay(append);
  let sending: Promise<void> | undefined;

  const isDue = () =>
    way.isOpen() && (state.hasEnded || (state.texts.length > 0 && !state.isHeldBack));
  const send = () => {
    const { texts, hasBegun, hasEnded: isLast } = state;
    state.texts = [];
    state.size = 0;
    state.seq += 1;
    way.send({ seq: state.seq, texts, hasBegun, isLast });
  };
  const sendAll = async () => {
    await new Promise((resolve) => setImmediate(resolve)); // what was read at once has been put by then
    for (; isDue(); await way.untilRoom()) send();
    sending = undefined;
  };
  return {
    /** Resolves, with whether more is wanted, when there is room for more. */
    async put(text: string, { hasBegun, isHeldBack }: { hasBegun: boolean; isHeldBack: boolean }) {
      state.texts.push(text);
      state.size += text.length;
      state.hasBegun = hasBegun;
      state.isHeldBack = isHeldBack;
      if (!isHeldBack) {
        sending ??= sendAll();
        if (state.size > MOST_WAITING) await sending;
      }
      way.throwFailure();
      return way.isOpen();
    },
    async end(hasBegun: boolean) {
      state.hasBegun = hasBegun;
      state.hasEnded = true;
      await (sending ??= sendAll());
      await way.untilEmpty();
      way.throwFailure();
    },
  };
}

/** Batches on their way, until the last one, or until nobody wants more. */
function createWay(append: SendOptions['append']) {
  const onTheirWay = new Set<Promise<void>>();
  let isOpen = true;
  let failure: { error: unknown } | undefined;
  const close = () => {
    isOpen = false;
  };
  return {
    isOpen: () => isOpen,
    send(batch: Batch): void {
      if (batch.isLast) close();
      const sent = append(batch)
        .then(
          (isWanted) => isWanted || close(),
          (error: unknown) => {
            failure ??= { error };
            close();
          },
        )
        .then(() => void onTheirWay.delete(sent));
      onTheirWay.add(sent);
    },
    untilRoom: async () => {
      if (onTheirWay.size >= MOST_ON_THEIR_WAY) await Promise.race(onTheirWay);
    },
    untilEmpty: async () => void (await Promise.all(onTheirWay)),
    throwFailure(): void {
      if (failure) throw failure.error;
    },
  };
}

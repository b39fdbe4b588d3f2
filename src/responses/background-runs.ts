import { addAbortListener } from 'node:events';

import { createDeadline } from '../common/deadline.ts';

/** A run whose caller does not wait for it. */
export type BackgroundRun<Event> = {
  id: string;
  /** Told to stop by the signal. */
  events: (signal: AbortSignal) => AsyncIterable<Event>;
  /** Whether its events can be read again. */
  keepsEvents: boolean;
  /** Tells what another server needs to begin it anew; called only where there are others. Default: it ends with its server. */
  readAsked?: (() => string) | undefined;
};

/** A run whose server is lost, or gave it back. */
export type LeftRun<Event> = {
  asked: string;
  /** What its followers may have read; empty when it keeps no events. */
  told: readonly Event[];
  /** How many servers were lost while they carried it out. */
  losses: number;
};

/** Goes on with a run that was left: what follows on what was told. Whatever it throws, the run is left again. */
export type GoOn<Event> = (left: LeftRun<Event>, signal: AbortSignal) => AsyncIterable<Event>;

/** A streamed event: its name, and its JSON text. */
export type StreamedEvent = { event: string; data: string };

export type BackgroundRuns<Event = StreamedEvent> = {
  /** Resolves with the first event. Throws what the run throws before it. */
  start: (run: BackgroundRun<Event>) => Promise<Event | undefined>;
  /** The events behind the one with this number, as they come; `undefined` when it does not run, or keeps none. */
  follow: (
    id: string,
    after: number,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Event> | undefined>;
  /** From here on, runs that other servers leave go on here. */
  goOnWith: (goOn: GoOn<Event>) => void;
  /** Leaves a run of this server to another one; resolves with whether one can take it. Its events are to end then. */
  giveBack: (id: string) => Promise<boolean>;
  /** Ends a run for this reason; resolves when it has ended, at once when there is none. */
  end: (id: string, reason: unknown) => Promise<void>;
  endAll: (reason: unknown) => Promise<void>;
};

/** There is no other server. */
const ALONE = { goOnWith: () => {}, giveBack: async () => false };

type LiveRun<Event> = {
  events: Event[];
  keepsEvents: boolean;
  controller: AbortController;
  /** Resolves at the next event, and at the end. */
  next: PromiseWithResolvers<void>;
  isOver: boolean;
  over: Promise<void>;
};

/** Makes the place where runs go on without their callers, each for `timeoutMs` at most. */
export function createBackgroundRuns<Event = StreamedEvent>(
  timeoutMs: number,
): BackgroundRuns<Event> {
  const runs = new Map<string, LiveRun<Event>>();

  const consume = async (
    live: LiveRun<Event>,
    { id, events }: BackgroundRun<Event>,
    first: PromiseWithResolvers<Event | undefined>,
  ) => {
    const deadline = createDeadline(timeoutMs, live.controller.signal);
    try {
      for await (const event of events(deadline.signal)) {
        if (live.keepsEvents) live.events.push(event);
        first.resolve(event);
        announce(live);
      }
      first.resolve(undefined);
    } catch (error) {
      first.reject(error);
    } finally {
      deadline.end();
      runs.delete(id);
      live.isOver = true;
      announce(live);
    }
  };

  const end: BackgroundRuns<Event>['end'] = async (id, reason) => {
    const live = runs.get(id);
    live?.controller.abort(reason);
    await live?.over;
  };

  return {
    async start(run) {
      const first = Promise.withResolvers<Event | undefined>();
      const live: LiveRun<Event> = {
        events: [],
        keepsEvents: run.keepsEvents,
        controller: new AbortController(),
        next: Promise.withResolvers(),
        isOver: false,
        over: Promise.resolve(),
      };
      runs.set(run.id, live);
      live.over = consume(live, run, first);
      return first.promise;
    },
    async follow(id, after, signal) {
      const live = runs.get(id);
      return live?.keepsEvents ? followEvents(live, after, signal) : undefined;
    },
    ...ALONE,
    end,
    async endAll(reason) {
      await Promise.all([...runs.keys()].map((id) => end(id, reason)));
    },
  };
}

function announce(live: LiveRun<unknown>) {
  live.next.resolve();
  live.next = Promise.withResolvers();
}

async function* followEvents<Event>(live: LiveRun<Event>, after: number, signal: AbortSignal) {
  const left = Promise.withResolvers<void>();
  using _listener = addAbortListener(signal, () => left.resolve());
  for (let index = after + 1; !signal.aborted; index += 1) {
    while (index >= live.events.length && !live.isOver && !signal.aborted) {
      await Promise.race([live.next.promise, left.promise]);
    }
    const event = live.events[index];
    if (event === undefined) return;
    yield event;
  }
}

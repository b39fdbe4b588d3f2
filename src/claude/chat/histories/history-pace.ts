import type { Message } from '../../../run.ts';

/** How long the two ways into a history take on this machine, learnt as they are taken. */
export type HistoryPace = {
  /** So many earlier messages of the caller's were replayed in so many milliseconds. */
  noteReplayed: (messages: number, timeMs: number) => void;
  /** A new process was started and has read a history, in so many milliseconds. */
  noteResumed: (timeMs: number) => void;
  /** With more earlier messages of the caller's than this, a new process that reads them all wins. */
  mostReplayed: () => number;
};

/** Until both are known well enough: on two cores both took equally long with 75 and with 100 of them. */
const DEFAULT_MOST_REPLAYED = 75;

/** Whatever one odd moment of the machine says, a handful is replayed and a thousand is not. */
const BOUNDS = { least: 20, most: 300 };

/** Of so many figures the middle one counts, and of no fewer than these: one slow moment changes nothing. */
const SAMPLES = { least: 3, most: 5 };

/** A figure of another hour is of another load, in milliseconds. */
const FRESH_MS = 60 * 60_000;

export function createHistoryPace(): HistoryPace {
  const replayed = createMedian();
  const resumed = createMedian();
  return {
    noteReplayed: (messages, timeMs) => messages > 0 && replayed.add(timeMs / messages),
    noteResumed: (timeMs) => resumed.add(timeMs),
    mostReplayed() {
      const [replayMs, resumeMs] = [replayed.get(), resumed.get()];
      if (replayMs === undefined || resumeMs === undefined) return DEFAULT_MOST_REPLAYED;
      return Math.min(BOUNDS.most, Math.max(BOUNDS.least, Math.floor(resumeMs / replayMs)));
    },
  };
}

/** How many messages a process must already hold for a replay of the others to be faster; 0 for a short history. */
export function toLeastHeld(messages: readonly Message[], mostReplayed: number): number {
  const said = messages.slice(0, -1).flatMap(({ role }, index) => (role === 'user' ? [index] : []));
  return said.at(-mostReplayed - 1) === undefined ? 0 : (said.at(-mostReplayed) ?? 0);
}

/** The middle one of the latest figures, each of which is forgotten after a while. */
function createMedian() {
  let samples: { value: number; untilMs: number }[] = [];
  return {
    get() {
      const fresh = samples.filter(({ untilMs }) => untilMs > performance.now());
      if (fresh.length < SAMPLES.least) return undefined;
      const sorted = fresh.map(({ value }) => value).toSorted((one, other) => one - other);
      return sorted[Math.floor((sorted.length - 1) / 2)];
    },
    add(value: number) {
      samples = [...samples, { value, untilMs: performance.now() + FRESH_MS }].slice(-SAMPLES.most);
    },
  };
}

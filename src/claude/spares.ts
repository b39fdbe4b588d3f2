import type { CliProcess } from './process/cli-process.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { OpenProcess } from './process/processes.ts';
import { within } from '../within.ts';

/** A process bound to nobody. */
export type Spare = {
  process: CliProcess;
  /** The settings that it was given ahead, as JSON. */
  settings: string | undefined;
  /** Whether it was told that there are no instructions and no tools; others can still come. */
  isBound: boolean;
};

/** What the server has to do: nothing, something while a place is free, or all that it can. */
export type Load = 'none' | 'some' | 'full';

export type SparesOptions = {
  openProcess: OpenProcess;
  profile: LaunchProfile;
  /** Longest time for a process to come up, in milliseconds. */
  startMs: number;
  /** Processes kept ready, at this moment; 0 switches spares off. */
  count: () => number;
  /** A start costs half a second of CPU, so that it waits while others could use that. */
  load: () => Load;
  /** Whether another process may be started without ending one in use. */
  hasRoom: () => boolean;
  /** Resolves at the next change of the load. */
  loadChanged: () => Promise<void>;
  /** Tells a process that is up what can be told before it is known whom it serves. */
  prepare: (process: CliProcess) => Promise<Omit<Spare, 'process'>>;
  /** Told of every process that was asked for, and whether a spare was there. Default: nobody. */
  onTake?: (isHit: boolean) => void;
};

export type Spares = {
  /** A process bound to nobody: one started ahead, or else a new one. */
  take: (signal: AbortSignal) => Promise<Spare>;
  /** One that was started ahead, if there is any. */
  takeReady: () => Spare | undefined;
  /** Whether a process is ready. */
  hasSpare: () => boolean;
  /** Ends one; returns whether there was one. */
  evict: () => boolean;
  /** Replaces all: the login or the CLI is not what it was. */
  retire: () => void;
  /** Starts no more. */
  stop: () => void;
  ready: () => number;
};

/** What a process that was not started ahead has been told. */
const UNPREPARED = { settings: undefined, isBound: false };

/**
 * How long the load has to stay as it is before a spare is started, in milliseconds. A stream may go on
 * for minutes: beside it one is started when a place stays free.
 */
const WAITS_MS = { none: 100, some: 2000, full: undefined } satisfies Record<
  Load,
  number | undefined
>;

/** A spare that did not come up is not tried again at once, in milliseconds. */
const AFTER_FAILURE_MS = 10_000;

/** A spare is replaced after so long, in milliseconds: a login or a certificate may be read at the start. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** Keeps processes that are started ahead, one at a time, in quiet moments. */
export function createSpares({
  openProcess,
  profile,
  startMs,
  count,
  load,
  hasRoom,
  loadChanged,
  prepare,
  onTake = () => {},
}: SparesOptions): Spares {
  const stopped = new AbortController();
  const isStopped = Promise.withResolvers<void>();
  /** The oldest first. */
  const spares = new Map<Spare, NodeJS.Timeout>();
  let isRefilling = false;
  void refill();

  return {
    async take(signal) {
      const spare = takeReady();
      onTake(spare !== undefined);
      void refill();
      return spare ?? { process: await openProcess(profile, signal), ...UNPREPARED };
    },
    takeReady,
    hasSpare: () => spares.size > 0,
    evict() {
      const [spare] = spares.keys();
      if (spare) drop(spare);
      return spare !== undefined;
    },
    retire() {
      for (const spare of spares.keys()) drop(spare);
    },
    stop() {
      stopped.abort();
      isStopped.resolve();
    },
    ready: () => spares.size,
  };

  function takeReady() {
    const [spare] = spares.keys();
    if (spare) forget(spare);
    return spare;
  }

  async function refill() {
    if (isRefilling) return;
    isRefilling = true;
    while (spares.size < count() && !stopped.signal.aborted) {
      const waitMs = hasRoom() ? WAITS_MS[load()] : undefined;
      const isTime = await staysFor(waitMs);
      if (isTime && spares.size < count() && !(await add())) await pass(AFTER_FAILURE_MS);
    }
    isRefilling = false;
  }

  /** Waits for a change of the load; resolves with true when none came for so long. */
  async function staysFor(waitMs: number | undefined) {
    const changed = Promise.race([loadChanged(), isStopped.promise]).then(() => true);
    if (waitMs === undefined) return !(await changed);
    return (await within(changed, waitMs)) === undefined;
  }

  /** Resolves with whether there is one more. */
  async function add() {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(startMs)]);
    let process: CliProcess | undefined;
    const leave = () => void process?.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      process = await openProcess(profile, signal);
      const prepared = await prepare(process);
      signal.throwIfAborted();
      const spare = { process, ...prepared };
      spares.set(spare, setTimeout(() => drop(spare), LONGEST_WAIT_MS).unref());
      void process.exited.then(() => drop(spare));
      return true;
    } catch {
      leave();
      return false;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  function drop(spare: Spare) {
    if (forget(spare)) void spare.process.end();
  }

  function forget(spare: Spare) {
    clearTimeout(spares.get(spare));
    const isSpare = spares.delete(spare);
    void refill();
    return isSpare;
  }
}

/** Prepares a spare by nothing else than waiting for it: this is answered as soon as the process is up. */
export async function waitUntilUp(process: CliProcess): Promise<Omit<Spare, 'process'>> {
  await process.request({ subtype: 'list_models' });
  return UNPREPARED;
}

/** Waiting for a better moment keeps no program up. */
function pass(timeMs: number) {
  return new Promise<void>((resolve) => {
    setTimeout(resolve, timeMs).unref();
  });
}

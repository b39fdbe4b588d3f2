import type { AgentProcess } from './process/cli-process.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { OpenProcess } from './process/processes.ts';

/** A process bound to nobody. */
export type Spare = {
  process: AgentProcess;
  /** The settings that it was given ahead, as JSON. */
  settings: string | undefined;
};

/** What the server has to do: nothing, something while a place is free, or all that it can. */
export type Load = 'none' | 'some' | 'full';

export type SparesOptions = {
  openProcess: OpenProcess;
  profile: LaunchProfile;
  /** Longest time for a process to come up, in milliseconds. */
  startMs: number;
  /** Processes kept ready; 0 switches spares off. */
  count: number;
  /** A start costs half a second of CPU, so that it waits while others could use that. */
  load: () => Load;
  /** Whether another process may be started without ending one in use. */
  hasRoom: () => boolean;
  /** The settings that the next request will likely want, as `apply_flag_settings` takes them. */
  foresee: () => object | undefined;
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

/** How often a moment without load is looked for, while there is one spare too few, in milliseconds. */
const LOOK_MS = 100;

/** A stream may go on for minutes: after so many looks at a free place a spare is started beside it. */
const PATIENCE = 20;

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
  foresee,
  onTake = () => {},
}: SparesOptions): Spares {
  const stopped = new AbortController();
  /** The oldest first. */
  const spares = new Map<Spare, NodeJS.Timeout>();
  let isRefilling = false;
  void refill();

  return {
    async take(signal) {
      const spare = takeReady();
      onTake(spare !== undefined);
      return spare ?? { process: await openProcess(profile, signal), settings: undefined };
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
    stop: () => stopped.abort(),
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
    let looks = 0;
    while (spares.size < count && !stopped.signal.aborted) {
      await pass(LOOK_MS);
      const now = load();
      looks = now === 'some' ? looks + 1 : 0;
      if ((now === 'none' || looks > PATIENCE) && hasRoom() && !(await add())) {
        await pass(AFTER_FAILURE_MS);
      }
    }
    isRefilling = false;
  }

  /** Resolves with whether there is one more. */
  async function add() {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(startMs)]);
    let process: AgentProcess | undefined;
    const leave = () => void process?.end();
    signal.addEventListener('abort', leave, { once: true });
    try {
      process = await openProcess(profile, signal);
      const settings = foresee();
      // Answered as soon as the process is up, whoever it will serve.
      await process.request(
        settings ? { subtype: 'apply_flag_settings', settings } : { subtype: 'list_models' },
      );
      signal.throwIfAborted();
      const spare = { process, settings: settings && JSON.stringify(settings) };
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

/** Looking for a quiet moment keeps no program up. */
function pass(timeMs: number) {
  return new Promise<void>((resolve) => {
    setTimeout(resolve, timeMs).unref();
  });
}

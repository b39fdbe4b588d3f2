import { within } from '../common/within.ts';
import { createIdlePool } from './idle-pool.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { CliProcess } from './process/cli-process.ts';
import { endWhenAborted } from './process/end-when-aborted.ts';
import type { OpenProcess } from './process/processes.ts';

/** A process bound to nobody. */
export type Spare = {
  process: CliProcess;
  /** The settings that it was given ahead, as JSON. */
  settings: string | undefined;
  /** Whether it was initialized, without instructions and tools. Others can still be given to it. */
  isBound: boolean;
};

/** How busy the server is: not at all, with places to spare, or fully. */
export type Load = 'none' | 'some' | 'full';

export type SparesOptions = {
  openProcess: OpenProcess;
  profile: LaunchProfile;
  /** Longest time for a process to come up, in milliseconds. */
  startMs: number;
  /** How many processes should be ready at this moment; 0 switches spares off. */
  count: () => number;
  /** How busy the server is: a start costs half a second of CPU, so it waits for a quiet moment. */
  load: () => Load;
  /** Whether another process may be started without ending an existing one. */
  hasRoom: () => boolean;
  /** Resolves at the next change of the load. */
  loadChanged: () => Promise<void>;
  /** Sets up a new process as far as that is possible before its caller is known. */
  prepare: (process: CliProcess) => Promise<Omit<Spare, 'process'>>;
  /** Called for every process that was asked for, with whether a spare was ready. Default: nothing. */
  onTake?: (isHit: boolean) => void;
};

export type Spares = {
  /** A process bound to nobody: one that was started ahead, otherwise a new one. */
  take: (signal: AbortSignal) => Promise<Spare>;
  /** One that was started ahead, if there is any. */
  takeReady: () => Spare | undefined;
  /** Whether a process is ready. */
  hasSpare: () => boolean;
  /** Ends one; returns whether there was one. */
  evict: () => boolean;
  /** Replaces all, because the login or the CLI has changed. */
  retire: () => void;
  /** Starts no more. */
  stop: () => void;
  ready: () => number;
};

/** The state of a process that nothing was sent to yet. */
const UNPREPARED = { settings: undefined, isBound: false };

/**
 * How long the load has to stay the same before a spare is started, in milliseconds. Streams can take
 * minutes, so a spare is started beside them, too, when a place stays free.
 */
const WAITS_MS = { none: 100, some: 2000, full: undefined } satisfies Record<
  Load,
  number | undefined
>;

/** Pause after a spare that failed to start, in milliseconds. */
const AFTER_FAILURE_MS = 10_000;

/** After this many milliseconds a spare is replaced: what it read at its start, such as a login, grows old. */
const LONGEST_IDLE_MS = 60 * 60_000;

/** Keeps processes that are started ahead, one at a time, in quiet moments. */
export function createSpares(options: SparesOptions): Spares {
  const { openProcess, profile, startMs, count, load, hasRoom, loadChanged, onTake } = options;
  const stopped = new AbortController();
  const isStopped = Promise.withResolvers<void>();
  const pool = createIdlePool<Spare>(({ process }) => process, {
    onChange: () => void refill(),
  });
  let isRefilling = false;
  void refill();

  return {
    async take(signal) {
      const spare = takeReady();
      onTake?.(spare !== undefined);
      void refill();
      return spare ?? { process: await openProcess(profile, signal), ...UNPREPARED };
    },
    takeReady,
    hasSpare: () => pool.size() > 0,
    evict: pool.evict,
    retire: pool.clear,
    stop() {
      stopped.abort();
      isStopped.resolve();
    },
    ready: pool.size,
  };

  function takeReady() {
    const [oldest] = pool.items();
    if (oldest) pool.remove(oldest);
    return oldest;
  }

  async function refill() {
    if (isRefilling) return;
    isRefilling = true;
    while (pool.size() < count() && !stopped.signal.aborted) {
      const waitMs = hasRoom() ? WAITS_MS[load()] : undefined;
      if (!(await isQuietFor(waitMs)) || pool.size() >= count()) continue;
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(startMs)]);
      const spare = await startSpare(options, signal).catch(() => undefined);
      if (spare) pool.add(spare, LONGEST_IDLE_MS);
      else await within(isStopped.promise, AFTER_FAILURE_MS);
    }
    isRefilling = false;
  }

  /** Waits for the load to change; resolves with whether it did not for this long. */
  async function isQuietFor(waitMs: number | undefined) {
    const changed = Promise.race([loadChanged(), isStopped.promise]).then(() => true);
    if (waitMs === undefined) return !(await changed);
    return (await within(changed, waitMs)) === undefined;
  }
}

async function startSpare(
  { openProcess, profile, prepare }: SparesOptions,
  signal: AbortSignal,
): Promise<Spare> {
  const process = await openProcess(profile, signal);
  using _ending = endWhenAborted(process, signal);
  try {
    const prepared = await prepare(process);
    signal.throwIfAborted();
    return { process, ...prepared };
  } catch (error) {
    void process.end();
    throw error;
  }
}

/** The least preparation: waits until the process is up, which is when it answers this request. */
export async function waitUntilUp(process: CliProcess): Promise<Omit<Spare, 'process'>> {
  await process.request({ subtype: 'list_models' });
  return UNPREPARED;
}

import { randomUUID } from 'node:crypto';
import { addAbortListener } from 'node:events';

import pLimit from 'p-limit';

import { RunError } from '../../run-error.ts';
import { type CliProcess, createCliProcess, type ProcessLaunch } from './cli-process.ts';
import type { LaunchProfile } from '../launch/launch.ts';
import { endMarked, MARK_NAME } from './process-mark.ts';
import type { TemporaryFolder } from './scratch.ts';
import type { TakeStartTurn } from './start-turns.ts';

/** Starts a process for a launch profile; waits while the limit of live processes is reached. */
export type OpenProcess = (profile: LaunchProfile, signal: AbortSignal) => Promise<CliProcess>;

/** Records which processes are ours, so that the next start can end what a crash has left behind. */
export type ProcessBook = { add(pid: number, mark: string): void; remove(pid: number): void };

export type ProcessesOptions = {
  command: string;
  /** How many processes may be alive at the same time, ending ones included. */
  maxProcesses: number;
  book: ProcessBook;
  /** Makes the `TMPDIR` of a process, which is removed when the process ends. */
  openTemporary: () => TemporaryFolder;
  /** Called when a process is wanted at the limit: ends an idle one, if there is any. */
  makeRoom: () => void;
  /** Waits until a process may start. Default: it may start at once. */
  takeStartTurn?: TakeStartTurn;
  /** Called when a CLI retries an API call, with the status that the API answered. Default: nothing. */
  onApiRetry?: (status: number | undefined) => void;
  /** Called when a CLI tells how far the account's plan is used up. Default: nothing. */
  onRateLimit?: ProcessLaunch['onRateLimit'];
  /** Called when a process is gone. Default: nothing. */
  onGone?: () => void;
  /** Default: starts the program. */
  startProcess?: ((launch: ProcessLaunch) => CliProcess) | undefined;
};

export type Processes = {
  open: OpenProcess;
  /** Whether a caller waits because the limit is reached. */
  isRoomWanted: () => boolean;
  /** Processes alive, ending ones included. */
  count: () => number;
  /** Ends all processes, by force where needed; resolves when they and all that they started are gone. */
  endAll: () => Promise<void>;
};

/** Makes the one place where CLI processes are started and counted. */
export function createProcesses(options: ProcessesOptions): Processes {
  const { maxProcesses, makeRoom, takeStartTurn = startAtOnce } = options;
  const limit = pLimit(maxProcesses);
  /** Each process, and when everything that belonged to it is gone. */
  const alive = new Map<CliProcess, Promise<void>>();

  return {
    async open(profile, signal) {
      const endStart = await takeStartTurn(signal);
      if (limit.activeCount + limit.pendingCount >= maxProcesses) makeRoom();
      const opened = Promise.withResolvers<CliProcess>();
      const giveUp = () => {
        endStart();
        opened.reject(signal.reason);
      };
      const listener = addAbortListener(signal, giveUp);
      void limit(async () => {
        listener[Symbol.dispose]();
        if (signal.aborted) return giveUp();
        await keepAlive({ profile, onUp: endStart, onStarted: opened.resolve }, alive, options)
          .catch((error: unknown) => {
            opened.reject(
              new RunError('cli-failed', 'No claude CLI could be started.', { cause: error }),
            );
          })
          .finally(endStart);
      });
      return opened.promise;
    },
    count: () => limit.activeCount,
    isRoomWanted: () => limit.pendingCount > 0,
    async endAll() {
      await Promise.all([...alive].map(([process, gone]) => Promise.all([process.end(), gone])));
    },
  };
}

type Start = {
  profile: LaunchProfile;
  /** Called when the CLI has written its first line. */
  onUp: () => void;
  onStarted: (process: CliProcess) => void;
};

/** Starts a process; resolves when nothing of it is left. */
async function keepAlive(
  { profile, onUp, onStarted }: Start,
  alive: Map<CliProcess, Promise<void>>,
  {
    command,
    book,
    openTemporary,
    onApiRetry = () => {},
    onRateLimit = () => {},
    onGone = () => {},
    startProcess = createCliProcess,
  }: ProcessesOptions,
) {
  const temporary = openTemporary();
  const mark = randomUUID();
  const environment = { ...profile.environment, TMPDIR: temporary.path, [MARK_NAME]: mark };
  const process = startProcess({
    ...profile,
    environment,
    command,
    onApiRetry,
    onRateLimit,
    onUp,
  });
  const gone = Promise.withResolvers<void>();
  alive.set(process, gone.promise);
  if (process.pid !== undefined) book.add(process.pid, mark);
  onStarted(process);
  try {
    await process.exited;
    if (profile.hasTools) endMarked(new Set([mark]));
    if (process.pid !== undefined) book.remove(process.pid);
    await temporary.remove();
  } finally {
    alive.delete(process);
    gone.resolve();
    onGone();
  }
}

async function startAtOnce() {
  return () => {};
}

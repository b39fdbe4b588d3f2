import { randomUUID } from 'node:crypto';

import pLimit from 'p-limit';

import { RunError } from '../../run-error.ts';
import { type CliProcess, createCliProcess, type ProcessLaunch } from './cli-process.ts';
import type { LaunchProfile } from '../launch/launch.ts';
import { endMarked, MARK_NAME } from './process-mark.ts';
import type { TemporaryFolder } from './scratch.ts';
import type { TakeStartTurn } from './start-turns.ts';

/** Starts a process for a launch profile; waits while the limit of live processes is reached. */
export type OpenProcess = (profile: LaunchProfile, signal: AbortSignal) => Promise<CliProcess>;

/** Remembers which processes are ours, so that the next start can end what a crash left behind. */
export type ProcessBook = { add(pid: number, mark: string): void; remove(pid: number): void };

export type ProcessesOptions = {
  command: string;
  /** Processes alive at the same time, ending ones included. */
  maxProcesses: number;
  book: ProcessBook;
  /** Makes the `TMPDIR` of a process, which goes with it. */
  openTemporary: () => TemporaryFolder;
  /** Called when a process is wanted at the limit: ends one that only waits, if there is any. */
  makeRoom: () => void;
  /** Waits until a process may start. Default: any may at once. */
  takeStartTurn?: TakeStartTurn;
  /** Told when a CLI tries an API call again, with the status of the answer. Default: nobody. */
  onApiRetry?: (status: number | undefined) => void;
  /** Told when a process is gone. Default: nobody. */
  onGone?: () => void;
  /** Default: starts the program. */
  startProcess?: ((launch: ProcessLaunch) => CliProcess) | undefined;
};

export type Processes = {
  open: OpenProcess;
  /** Whether somebody waits because the limit is reached. */
  isRoomWanted: () => boolean;
  /** Processes alive, ending ones included. */
  count: () => number;
  /** Resolves when every process and all it started is gone; what does not leave by itself is killed. */
  endAll: () => Promise<void>;
};

/** Makes the one place where CLI processes are started and counted. */
export function createProcesses({
  command,
  maxProcesses,
  book,
  openTemporary,
  makeRoom,
  takeStartTurn = () => Promise.resolve(() => {}),
  onApiRetry = () => {},
  onGone = () => {},
  startProcess = createCliProcess,
}: ProcessesOptions): Processes {
  const limit = pLimit(maxProcesses);
  /** Each process, and when nothing of it is left. */
  const alive = new Map<CliProcess, Promise<void>>();

  return {
    async open(profile, signal) {
      const endStart = await takeStartTurn(signal);
      if (limit.activeCount + limit.pendingCount >= maxProcesses) makeRoom();
      const opened = Promise.withResolvers<CliProcess>();
      const leave = () => {
        endStart();
        opened.reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      void limit(async () => {
        signal.removeEventListener('abort', leave);
        if (signal.aborted) return leave();
        await live(profile, endStart, opened.resolve)
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

  /** A process from its start to its end. */
  async function live(
    profile: LaunchProfile,
    onUp: () => void,
    tell: (process: CliProcess) => void,
  ) {
    const temporary = openTemporary();
    const mark = randomUUID();
    const environment = { ...profile.environment, TMPDIR: temporary.path, [MARK_NAME]: mark };
    const process = startProcess({ ...profile, environment, command, onApiRetry, onUp });
    const gone = Promise.withResolvers<void>();
    alive.set(process, gone.promise);
    if (process.pid !== undefined) book.add(process.pid, mark);
    tell(process);
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
}

import pLimit from 'p-limit';

import { type AgentProcess, createAgentProcess } from './agent-process.ts';
import type { LaunchProfile } from './launch.ts';
import type { TakeStartTurn } from './start-turns.ts';

/** Starts a process for a launch profile; waits while the limit of live processes is reached. */
export type OpenProcess = (profile: LaunchProfile, signal: AbortSignal) => Promise<AgentProcess>;

/** Remembers which processes are ours, so that the next start can end what a crash left behind. */
export type ProcessBook = { add(pid: number): void; remove(pid: number): void };

export type ProcessesOptions = {
  command: string;
  /** Processes alive at the same time, ending ones included. */
  maxProcesses: number;
  book: ProcessBook;
  /** Called when a process is wanted at the limit: ends one that only waits, if there is any. */
  makeRoom: () => void;
  /** Waits until a process may start. Default: any may at once. */
  takeStartTurn?: TakeStartTurn;
  /** Told when a CLI tries an API call again, with the status of the answer. Default: nobody. */
  onApiRetry?: (status: number | undefined) => void;
};

export type Processes = {
  open: OpenProcess;
  /** Whether somebody waits because the limit is reached. */
  isRoomWanted: () => boolean;
  /** Processes alive, ending ones included. */
  count: () => number;
  /** Resolves when every process is gone; those that do not leave by themselves are killed. */
  endAll: () => Promise<void>;
};

/** Makes the one place where CLI processes are started and counted. */
export function createProcesses({
  command,
  maxProcesses,
  book,
  makeRoom,
  takeStartTurn = () => Promise.resolve(() => {}),
  onApiRetry = () => {},
}: ProcessesOptions): Processes {
  const limit = pLimit(maxProcesses);
  const alive = new Set<AgentProcess>();

  return {
    async open(profile, signal) {
      const endStart = await takeStartTurn(signal);
      if (limit.activeCount + limit.pendingCount >= maxProcesses) makeRoom();
      const opened = Promise.withResolvers<AgentProcess>();
      const leave = () => {
        endStart();
        opened.reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      void limit(async () => {
        signal.removeEventListener('abort', leave);
        if (signal.aborted) return leave();
        const process = createAgentProcess({ ...profile, command, onApiRetry, onUp: endStart });
        alive.add(process);
        if (process.pid !== undefined) book.add(process.pid);
        opened.resolve(process);
        await process.exited;
        endStart();
        alive.delete(process);
        if (process.pid !== undefined) book.remove(process.pid);
      });
      return opened.promise;
    },
    count: () => limit.activeCount,
    isRoomWanted: () => limit.pendingCount > 0,
    async endAll() {
      await Promise.all([...alive].map((process) => process.end()));
    },
  };
}

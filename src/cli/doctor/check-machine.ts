import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

import type { Config } from '../../config.ts';
import { type Finding, ok, warning } from './finding.ts';

/** What one CLI process takes. */
const PROCESS_BYTES = 200 * 1024 * 1024;

/** Pipes and files of one CLI process, and some for the callers. */
const FILES_PER_PROCESS = 16;
const OTHER_FILES = 200;

export type Machine = {
  memoryBytes: number;
  cores: number;
  /** `undefined` where the system does not tell. */
  openFiles: number | undefined;
};

/** Whether this machine can carry what the settings allow. */
export function checkMachine(
  { maxProcesses, workerConcurrency }: Pick<Config, 'maxProcesses' | 'workerConcurrency'>,
  { memoryBytes, cores, openFiles }: Machine = readMachine(),
): readonly Finding[] {
  const needed = maxProcesses * PROCESS_BYTES;
  const files = maxProcesses * FILES_PER_PROCESS + OTHER_FILES;
  return [
    needed <= memoryBytes / 2
      ? ok(
          'memory',
          `${toGb(memoryBytes)}, of which ${maxProcesses} CLI processes take ${toGb(needed)}`,
        )
      : warning(
          'memory',
          `${maxProcesses} CLI processes take ${toGb(needed)} of ${toGb(memoryBytes)}`,
          `Set MAX_PROCESSES to ${Math.max(1, Math.floor(memoryBytes / 2 / PROCESS_BYTES))}, and WORKER_CONCURRENCY no higher.`,
        ),
    workerConcurrency <= cores * 4
      ? ok('processors', `${cores}, for ${workerConcurrency} requests at a time`)
      : warning(
          'processors',
          `${cores}, for ${workerConcurrency} requests at a time`,
          `Set WORKER_CONCURRENCY to ${cores * 4} or less: starting a CLI takes a processor for half a second.`,
        ),
    openFiles === undefined || openFiles >= files
      ? ok('open files', openFiles === undefined ? 'limit not known here' : `up to ${openFiles}`)
      : warning(
          'open files',
          `up to ${openFiles}, but ${maxProcesses} CLI processes need ${files}`,
          `Raise it with \`ulimit -n ${files}\` (LimitNOFILE in a systemd unit).`,
        ),
  ];
}

function readMachine(): Machine {
  // Of a container, too, where there is one.
  const memoryBytes = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return { memoryBytes, cores: availableParallelism(), openFiles: readOpenFiles() };
}

function readOpenFiles() {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return limit === undefined ? undefined : Number(limit);
  } catch {
    return undefined;
  }
}

function toGb(bytes: number) {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Proxy } from './start-proxy.ts';

export type Queue = { waiting: number; running: number; concurrency: number };

/** The queue as `/health` tells it. */
export async function readQueue(proxy: Pick<Proxy, 'url'>): Promise<Queue> {
  // No connection stays open: some tests count them.
  const response = await fetch(`${proxy.url}/health`, { headers: { connection: 'close' } });
  const { queue } = (await response.json()) as { queue: Queue }; // the body of GET /health
  return queue;
}

/** Asks `/health` until so many wait: nothing else tells that a request has reached the queue. */
export async function untilWaiting(proxy: Pick<Proxy, 'url'>, count: number): Promise<void> {
  while ((await readQueue(proxy)).waiting !== count);
}

/** The processes that the server has on record, by pid. */
export async function readProcesses(proxy: Pick<Proxy, 'folder'>): Promise<number[]> {
  const names = await readdir(toProcessFolder(proxy));
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Resolves when the server has no process on record any more. */
export function untilNoProcess(proxy: Pick<Proxy, 'folder'>): Promise<void> {
  return untilProcesses(proxy, (pids) => pids.length === 0);
}

/** Resolves when the server has a process on record. */
export function untilProcess(proxy: Pick<Proxy, 'folder'>): Promise<void> {
  return untilProcesses(proxy, (pids) => pids.length > 0);
}

/** Resolves when the processes on record are as wanted; looks whenever one comes or goes. */
export async function untilProcesses(
  proxy: Pick<Proxy, 'folder'>,
  isDone: (pids: readonly number[]) => boolean | Promise<boolean>,
): Promise<void> {
  const watcher = watch(toProcessFolder(proxy));
  try {
    const done = Promise.withResolvers<void>();
    const look = () =>
      void readProcesses(proxy)
        .then(isDone)
        .then((isSo) => isSo && done.resolve(), done.reject);
    watcher.on('change', look);
    watcher.on('error', done.reject);
    look();
    await done.promise;
  } finally {
    watcher.close();
  }
}

/** Whether a process lives; a signal of 0 is only a question. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function toProcessFolder({ folder }: Pick<Proxy, 'folder'>) {
  return join(folder, 'state/processes');
}

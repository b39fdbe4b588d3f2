import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Where the system does not say how many files it lets a program open. */
const FILES_ELSEWHERE = 10_240;

/**
 * The connections that may be open at a time: half of the files that the system lets this program open
 * (`ulimit -n`). Databases, and the pipes of CLI processes, need the others.
 */
export function readMaxConnections(): number {
  return Math.floor(readMaxFiles() / 2);
}

function readMaxFiles() {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? FILES_ELSEWHERE);
  } catch {
    return FILES_ELSEWHERE; // not Linux
  }
}

/**
 * Makes room for a connection that has come when more than `max` are open. The idle ones go first, then the oldest
 * that never said anything, which is what a flood is made of; without one of those, the new one goes.
 */
export function makeRoom(
  sockets: ReadonlySet<Socket>,
  { max, closeIdle }: { max: number; closeIdle: () => void },
): void {
  if (sockets.size <= max) return;
  closeIdle();
  const open = [...sockets].filter(({ destroyed }) => !destroyed);
  if (open.length <= max) return;
  const silent = open.find(({ bytesRead }) => bytesRead === 0);
  (silent ?? open.at(-1))?.destroy();
}

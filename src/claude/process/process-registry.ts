import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { endMarked } from './process-mark.ts';
import { listDescendants, readProcessStart } from './system-processes.ts';

/** Remembers on disk which processes this server started, so that none outlives it for long. */
export type ProcessRegistry = {
  /**
   * Notes a child that leads its own process group, and the mark that all it starts bears. Neither this
   * nor `remove` ever throws.
   */
  add(pid: number, mark: string): void;
  /** Forgets a child that has ended. */
  remove(pid: number): void;
  /** Ends the processes of servers that died without doing so, with all that they started; returns how many. */
  endLeftBehind(): Promise<number>;
};

const entrySchema = z.object({
  // The group -1 would be every process that this user owns.
  pid: z.int().min(2),
  start: z.string().min(1),
  /** Entries of older versions have none. */
  mark: z.string().min(1).optional(),
  /** The server that started it: several may share a state folder. */
  owner: z.object({ pid: z.int().min(1), start: z.string().min(1) }),
});
type Entry = z.infer<typeof entrySchema>;

/**
 * Creates the registry in `folder`, one small file for each child. It writes synchronously, because a
 * child must be on disk before anything can kill this server. A failed write is passed to `onProblem`,
 * and the child is used all the same.
 */
export function createProcessRegistry(
  folder: string,
  onProblem: (error: unknown) => void = () => {},
): ProcessRegistry {
  const owner = { pid: process.pid, start: readProcessStart(process.pid) };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      onProblem(error);
    }
  };
  return {
    add: (pid, mark) =>
      attempt(() => {
        const entry = { pid, start: readProcessStart(pid), mark, owner };
        if (entry.start === undefined) return;
        // Another server that reads a half-written entry would take it for broken.
        const draft = join(folder, `draft-${process.pid}`);
        writeFileSync(draft, JSON.stringify(entry), { mode: 0o600 });
        renameSync(draft, join(folder, String(pid)));
      }),
    remove: (pid) => attempt(() => rmSync(join(folder, String(pid)), { force: true })),
    async endLeftBehind() {
      const pids = (await readdir(folder)).filter((name) => /^\d+$/.test(name));
      return pids.filter((name) => settle(join(folder, name))).length;
    },
  };
}

/** Ends what an entry names, when it was left behind, and removes the entry. */
function settle(file: string): boolean {
  const entry = readEntry(file);
  if (entry !== undefined && isAlive(entry.owner)) {
    return false;
  }
  const hasEnded = entry !== undefined && isAlive(entry) && endTree(entry.pid);
  if (entry?.mark !== undefined) endMarked(new Set([entry.mark]));
  rmSync(file, { force: true });
  return hasEnded;
}

function readEntry(file: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: { pid: number; start: string }): boolean {
  return readProcessStart(pid) === start;
}

/** The CLI's tools lead groups of their own, and would go on without it. */
function endTree(pid: number): boolean {
  const descendants = listDescendants(pid);
  const hasEnded = kill(-pid);
  descendants.forEach(kill);
  return hasEnded;
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It leads no group, or ended just now.
    return false;
  }
}

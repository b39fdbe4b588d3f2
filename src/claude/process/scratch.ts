import { mkdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { z } from 'zod';

import { readProcessStart } from './system-processes.ts';

/** A folder of one process. If it cannot be removed now, it is removed together with all the others. */
export type TemporaryFolder = { path: string; remove: () => Promise<void> };

/** Folders for the CLI processes alone, in the system's temporary one. */
export type Scratch = {
  /** Their working directory: empty, and with a meaningless name, because the CLI tells the model its name. */
  empty: string;
  /** For one process's sockets and probe files, which stay behind when it is killed. */
  openTemporary: () => TemporaryFolder;
  remove: () => Promise<void>;
  /** Removes what crashed servers have left behind. */
  removeLeftBehind: () => Promise<void>;
};

const PREFIX = 'w-';

const Entry = z.object({
  folder: z.string().refine((folder) => basename(folder).startsWith(PREFIX)),
  owner: z.object({ pid: z.int().min(1), start: z.string().min(1) }),
});

/** Makes the folders, and notes them in the folder `notes` for the next start. */
export async function createScratch(notes: string): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const [empty, temporary] = [join(folder, 'a'), join(folder, 't')];
  await Promise.all([
    mkdir(empty),
    mkdir(temporary),
    mkdir(notes, { recursive: true, mode: 0o700 }),
  ]);
  const note = join(notes, basename(folder));
  const owner = { pid: process.pid, start: readProcessStart(process.pid) };
  await writeFile(note, JSON.stringify({ folder, owner }), { mode: 0o600 });
  let opened = 0;

  return {
    empty,
    openTemporary() {
      // Short: a socket's path has room for a hundred characters.
      const path = join(temporary, String((opened += 1)));
      mkdirSync(path);
      return { path, remove: () => removeFolder(path).catch(() => undefined) };
    },
    async remove() {
      await removeFolder(folder);
      await rm(note, { force: true });
    },
    async removeLeftBehind() {
      const names = await readdir(notes);
      await Promise.all(names.map((name) => settle(join(notes, name))));
    },
  };
}

async function settle(note: string) {
  const entry = await readEntry(note);
  if (entry && readProcessStart(entry.owner.pid) === entry.owner.start) return;
  if (entry) await removeFolder(entry.folder);
  await rm(note, { force: true });
}

async function readEntry(note: string) {
  try {
    return Entry.parse(JSON.parse(await readFile(note, 'utf8')));
  } catch {
    return undefined;
  }
}

/** A process that was killed just now may still be writing. */
function removeFolder(folder: string) {
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

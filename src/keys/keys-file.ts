import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

import { z } from 'zod';

import { StoredKey } from './api-key.ts';

const SQLITE_BUSY = 5;

const LOOK_AGAIN_MS = 20;

const LONGEST_WAIT_MS = 5000;

const KeysFile = z
  .strictObject({ keys: z.array(StoredKey) })
  .refine(({ keys }) => new Set(keys.map(({ id }) => id)).size === keys.length, 'ids are unique');

/** The file of the further keys in a state folder. */
export function toKeysFile(stateFolder: string): string {
  return join(stateFolder, 'keys.json');
}

/** The keys in the file; without the file there are none. Throws an error of one sentence. */
export async function readKeysFile(file: string): Promise<readonly StoredKey[]> {
  try {
    return KeysFile.parse(JSON.parse(await readFile(file, 'utf8'))).keys;
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return [];
    throw new Error(`The keys file ${file} cannot be read: ${toComplaint(cause)}.`, { cause });
  }
}

/**
 * Replaces the file's keys by what `change` makes of them, whole or not at all, for its owner only.
 * Waits for another change that is under way. Throws an error of one sentence.
 */
export async function changeKeysFile<Result>(
  file: string,
  change: (keys: readonly StoredKey[]) => { keys: readonly StoredKey[]; result: Result },
): Promise<Result> {
  const unlock = await lock(`${file}.lock`);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const { keys, result } = change(await readKeysFile(file));
    const text = JSON.stringify(KeysFile.parse({ keys }), undefined, 2);
    await writeFile(draft, `${text}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
    return result;
  } finally {
    await rm(draft, { force: true });
    unlock();
  }
}

/**
 * Takes the lock of a SQLite file that stays empty: unlike a file that is only there, the system gives it
 * back when its holder dies, however that happens.
 */
async function lock(file: string): Promise<() => void> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY');
    for (let waitedMs = 0; !tryBegin(database); waitedMs += LOOK_AGAIN_MS) {
      if (waitedMs >= LONGEST_WAIT_MS) {
        throw new Error('Another change of the keys is under way and does not end; try again.');
      }
      await delay(LOOK_AGAIN_MS);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  return () => database.close();
}

/** Says whether the lock was free. */
function tryBegin(database: DatabaseSync) {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}

/** Where it is wrong, never what stands there. */
function toComplaint(cause: unknown) {
  if (cause instanceof SyntaxError) return 'it is no JSON';
  if (!(cause instanceof z.ZodError)) return cause instanceof Error ? cause.message : 'unknown';
  const [issue] = cause.issues;
  return `${issue?.path.join('.') || 'the whole of it'} is not as it should be (${issue?.message})`;
}

function isCode(error: unknown, code: string) {
  return error instanceof Error && 'code' in error && error.code === code;
}

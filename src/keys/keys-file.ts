import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { lockFile } from '../state/file-lock.ts';
import { formatKeys, type KeyPlace, parseKeys } from './key-place.ts';

const LONGEST_WAIT_MS = 5000;

/** The file of the further keys in a state folder. */
export function toKeysFile(stateFolder: string): KeyPlace {
  return createKeysFile(toPath(stateFolder));
}

/**
 * Brings the keys of a state folder's file to another place, unless that has, or had, keys of its own. The file is
 * put aside as `keys.json.moved` in both cases: what stands in it holds no more. Throws an error of one sentence.
 */
export async function moveKeysFile(stateFolder: string, place: KeyPlace): Promise<void> {
  const file = toPath(stateFolder);
  const own = await createKeysFile(file).read();
  if (own.length === 0) return;
  if ((await place.readState()) === '') {
    await place.change((keys) => ({ keys: keys.length > 0 ? keys : own, result: undefined }));
  }
  await rename(file, `${file}.moved`);
}

function toPath(stateFolder: string) {
  return join(stateFolder, 'keys.json');
}

/**
 * Keys in a file that only its owner may read; without the file there are none. A change waits for another one
 * that is under way. All throw an error of one sentence.
 */
export function createKeysFile(file: string): KeyPlace {
  const read: KeyPlace['read'] = async () => {
    try {
      return parseKeys(await readFile(file, 'utf8'));
    } catch (cause) {
      if (isCode(cause, 'ENOENT')) return [];
      throw new Error(`The keys file ${file} cannot be read: ${toComplaint(cause)}.`, { cause });
    }
  };
  return {
    readState: async () => readState(file),
    read,
    async change(change) {
      const unlock = await lock(`${file}.lock`);
      const draft = `${file}.${randomBytes(6).toString('hex')}`;
      try {
        const { keys, result } = change(await read());
        await writeFile(draft, formatKeys(keys), { mode: 0o600, flag: 'wx' });
        await rename(draft, file);
        return result;
      } finally {
        await rm(draft, { force: true });
        unlock();
      }
    },
  };
}

/**
 * Differs whenever the file does; a whole read costs more than this at every request. At once: 5 µs, and 150 µs
 * of processor time in Node's pool of threads.
 */
function readState(file: string) {
  try {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return found ? `${found.ino} ${found.size} ${found.mtimeNs}` : 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

/** Waits for the lock of the file, but not for ever. */
async function lock(file: string): Promise<() => void> {
  const late = new AbortController();
  const sentence = 'Another change of the keys is under way and does not end; try again.';
  const timer = setTimeout(() => late.abort(new Error(sentence)), LONGEST_WAIT_MS);
  try {
    return await lockFile(file, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Where it is wrong, never what stands there. */
function toComplaint(cause: unknown) {
  if (cause instanceof SyntaxError) return 'it is not JSON';
  if (!(cause instanceof z.ZodError)) return cause instanceof Error ? cause.message : 'unknown';
  const [issue] = cause.issues;
  return `${issue?.path.join('.') || 'the whole of it'} is not as it should be (${issue?.message})`;
}

function isCode(error: unknown, code: string) {
  return error instanceof Error && 'code' in error && error.code === code;
}

import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { lockFile } from '../state/file-lock.ts';
import { StoredKey } from './api-key.ts';

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
  if (cause instanceof SyntaxError) return 'it is no JSON';
  if (!(cause instanceof z.ZodError)) return cause instanceof Error ? cause.message : 'unknown';
  const [issue] = cause.issues;
  return `${issue?.path.join('.') || 'the whole of it'} is not as it should be (${issue?.message})`;
}

function isCode(error: unknown, code: string) {
  return error instanceof Error && 'code' in error && error.code === code;
}

import { randomBytes } from 'node:crypto';
import { chmod, link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyText } from './key-text.ts';
import { SETTINGS } from '../settings.ts';

/** The file of the proxy's own key in its state folder. */
export function toKeyFile(stateFolder: string): string {
  return join(stateFolder, 'key');
}

/**
 * Reads the proxy's own key, which it makes when there is none. Only its owner may read the file.
 * Throws an error of one sentence when the file holds no key.
 */
export async function readOrCreateKey(
  stateFolder: string,
): Promise<{ key: string; isNew: boolean }> {
  const file = toKeyFile(stateFolder);
  const known = await readKey(file);
  if (known !== undefined) {
    return { key: known, isNew: false };
  }
  const key = createKeyText();
  if (await writeOnce(file, key)) {
    return { key, isNew: true };
  }
  return readOrCreateKey(stateFolder);
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    const key = (await readFile(file, 'utf8')).trim();
    if (!SETTINGS.PROXY_API_KEY.schema.safeParse(key).success) {
      throw new Error(`The key file ${file} holds no key: delete it, and a new one is made.`);
    }
    await tighten(file);
    return key;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

async function tighten(file: string): Promise<void> {
  if (((await stat(file)).mode & 0o077) !== 0) {
    await chmod(file, 0o600);
  }
}

/** Puts the file there whole or not at all; `false` when another process was first. */
async function writeOnce(file: string, key: string): Promise<boolean> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${key}\n`, { mode: 0o600, flag: 'wx' });
    // Unlike a rename, a link fails when the file is already there.
    await link(draft, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

import pLimit from 'p-limit';
import { z } from 'zod';

import { RunError, toRunError } from '../run-error.ts';
import { type KeyRules, type Rotation, ShownKey } from './api-key.ts';
import { addKey, changeKey, revokeKey, rotateKey } from './edit-keys.ts';
import { readKeysFile } from './keys-file.ts';

/** The further keys of one file, as their operator sees and edits them. */
export type KeyStore = {
  list: () => Promise<readonly ShownKey[]>;
  /** The answer holds the key, the only time that it is known. */
  add: (name: string, rules: KeyRules) => Promise<ShownKey & { key: string }>;
  /** Puts these rules in the place of those that the key had. */
  change: (id: string, rules: KeyRules) => Promise<ShownKey>;
  /** The answer holds the key's new text, the only time that it is known; the old one goes on for a while. */
  rotate: (id: string, rotation: Rotation) => Promise<ShownKey & { key: string }>;
  revoke: (id: string) => Promise<ShownKey>;
};

/**
 * Makes the store. Its functions throw `RunError`: `not-found`, `invalid-request` for a name that is
 * taken, `storage-failed` when the disk takes nothing, `internal` with a sentence for the operator when the file
 * cannot be read or written for another reason.
 */
export function createKeyStore(file: string): KeyStore {
  const oneByOne = pLimit(1); // two changes at once would meet the lock of the file
  return {
    list: () => tell(async () => z.array(ShownKey).parse(await readKeysFile(file))),
    add: (name, rules) => oneByOne(() => tell(() => addKey(file, name, rules))),
    change: (id, rules) => oneByOne(() => tell(() => changeKey(file, id, rules))),
    rotate: (id, rotation) => oneByOne(() => tell(() => rotateKey(file, id, rotation))),
    revoke: (id) => oneByOne(() => tell(() => revokeKey(file, id))),
  };
}

async function tell<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    const error = toRunError(cause);
    if (error.code !== 'internal' || !(cause instanceof Error)) throw error;
    throw new RunError('internal', cause.message, { cause });
  }
}

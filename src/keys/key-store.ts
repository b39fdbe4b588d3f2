import pLimit from 'p-limit';
import { z } from 'zod';

import { RunError, toRunError } from '../run-error.ts';
import { type KeyRules, type Rotation, ShownKey } from './api-key.ts';
import { addKey, changeKey, revokeKey, rotateKey } from './edit-keys.ts';
import type { KeyPlace } from './key-place.ts';

/** The further keys, as their operator sees and edits them. */
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
 * taken, `storage-failed` when the disk takes nothing, `queue-timeout` while the Redis that has them is away,
 * `internal` with a sentence for the operator when they cannot be read or written for another reason.
 */
export function createKeyStore(place: KeyPlace): KeyStore {
  const oneByOne = pLimit(1); // two changes at once would meet the lock of a file
  return {
    list: () => tell(async () => z.array(ShownKey).parse(await place.read())),
    add: (name, rules) => oneByOne(() => tell(() => addKey(place, name, rules))),
    change: (id, rules) => oneByOne(() => tell(() => changeKey(place, id, rules))),
    rotate: (id, rotation) => oneByOne(() => tell(() => rotateKey(place, id, rotation))),
    revoke: (id) => oneByOne(() => tell(() => revokeKey(place, id))),
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

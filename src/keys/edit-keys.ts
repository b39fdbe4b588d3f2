import { randomBytes } from 'node:crypto';

import { RunError } from '../run-error.ts';
import { type KeyRules, ShownKey, type StoredKey } from './api-key.ts';
import { createKeyText, toDigest } from './key-text.ts';
import { changeKeysFile } from './keys-file.ts';

/** Adds a key and returns it, the only time that it is known. Throws an error of one sentence. */
export function addKey(
  file: string,
  name: string,
  rules: KeyRules,
  now: () => Date = () => new Date(),
): Promise<ShownKey & { key: string }> {
  const key = createKeyText();
  return changeKeysFile(file, (keys) => {
    if (keys.some((other) => other.name === name)) {
      throw new RunError(
        'invalid-request',
        `There is a key named ${name} already: choose another name, or revoke it.`,
        { param: 'name' },
      );
    }
    const shown = {
      id: `key-${randomBytes(4).toString('hex')}`,
      name,
      createdAt: now().toISOString(),
      ...rules,
    };
    const stored = { ...shown, hash: toDigest(key).toString('hex') };
    return { keys: [...keys, stored], result: { ...shown, key } };
  });
}

/** Gives the key with this id other rules in the place of its own. Throws an error of one sentence. */
export function changeKey(file: string, id: string, rules: KeyRules): Promise<ShownKey> {
  return changeKeysFile(file, (keys) => {
    const { name, createdAt, hash } = find(keys, id);
    const changed = { id, name, createdAt, ...rules, hash };
    return {
      keys: keys.map((key) => (key.id === id ? changed : key)),
      result: ShownKey.parse(changed),
    };
  });
}

/** Takes the key with this id, or else this name, away. Throws an error of one sentence when there is none. */
export function revokeKey(file: string, nameOrId: string): Promise<ShownKey> {
  return changeKeysFile(file, (keys) => {
    const named = keys.find(({ name }) => name === nameOrId);
    const revoked = keys.find(({ id }) => id === nameOrId) ?? named ?? find(keys, nameOrId);
    return { keys: keys.filter((key) => key !== revoked), result: ShownKey.parse(revoked) };
  });
}

function find(keys: readonly StoredKey[], id: string): StoredKey {
  const key = keys.find((one) => one.id === id);
  if (!key) throw new RunError('not-found', `There is no key with the name or id ${id}.`);
  return key;
}

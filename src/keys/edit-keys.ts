import { randomBytes } from 'node:crypto';

import { type KeyRules, ShownKey } from './api-key.ts';
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
      throw new Error(`There is a key named ${name} already: choose another name, or revoke it.`);
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

/** Takes the key with this name or id away. Throws an error of one sentence when there is none. */
export function revokeKey(file: string, nameOrId: string): Promise<ShownKey> {
  return changeKeysFile(file, (keys) => {
    const revoked = keys.find(({ id, name }) => id === nameOrId || name === nameOrId);
    if (!revoked) throw new Error(`There is no key with the name or id ${nameOrId}.`);
    return { keys: keys.filter((key) => key !== revoked), result: ShownKey.parse(revoked) };
  });
}

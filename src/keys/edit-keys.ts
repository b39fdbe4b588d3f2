import { randomBytes } from 'node:crypto';

import { RunError } from '../run-error.ts';
import { type KeyRules, type Rotation, ShownKey, type StoredKey } from './api-key.ts';
import { createKeyText, toDigest } from './key-text.ts';
import type { KeyPlace } from './key-place.ts';

/** Adds a key and returns it, the only time that it is known. Throws an error of one sentence. */
export function addKey(
  place: KeyPlace,
  name: string,
  rules: KeyRules,
  now: () => Date = () => new Date(),
): Promise<ShownKey & { key: string }> {
  const key = createKeyText();
  return place.change((keys) => {
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
export function changeKey(place: KeyPlace, id: string, rules: KeyRules): Promise<ShownKey> {
  return place.change((keys) => {
    const { name, createdAt, hash, previousUntil, previousHash } = find(keys, id);
    const changed = { id, name, createdAt, ...rules, previousUntil, hash, previousHash };
    return { keys: replace(keys, changed), result: ShownKey.parse(changed) };
  });
}

/**
 * Gives the key with this id, or else this name, a new text and returns it, the only time that it is known. The text that it had
 * goes on for a while; one from a rotation before ends now. Throws an error of one sentence.
 */
export function rotateKey(
  place: KeyPlace,
  nameOrId: string,
  { overlapSeconds }: Rotation,
  now: () => Date = () => new Date(),
): Promise<ShownKey & { key: string }> {
  const key = createKeyText();
  return place.change((keys) => {
    const { hash, previousUntil: _until, previousHash: _hash, ...rest } = findNamed(keys, nameOrId);
    const previousUntil = new Date(now().getTime() + overlapSeconds * 1000).toISOString();
    const previous = overlapSeconds > 0 ? { previousUntil, previousHash: hash } : {};
    const rotated = { ...rest, ...previous, hash: toDigest(key).toString('hex') };
    return { keys: replace(keys, rotated), result: { ...ShownKey.parse(rotated), key } };
  });
}

/** Takes the key with this id, or else this name, away. Throws an error of one sentence when there is none. */
export function revokeKey(place: KeyPlace, nameOrId: string): Promise<ShownKey> {
  return place.change((keys) => {
    const revoked = findNamed(keys, nameOrId);
    return { keys: keys.filter((key) => key !== revoked), result: ShownKey.parse(revoked) };
  });
}

function replace(keys: readonly StoredKey[], changed: StoredKey) {
  return keys.map((key) => (key.id === changed.id ? changed : key));
}

function findNamed(keys: readonly StoredKey[], nameOrId: string): StoredKey {
  const named = keys.find(({ name }) => name === nameOrId);
  return keys.find(({ id }) => id === nameOrId) ?? named ?? find(keys, nameOrId);
}

function find(keys: readonly StoredKey[], id: string): StoredKey {
  const key = keys.find((one) => one.id === id);
  if (!key) throw new RunError('not-found', `There is no key with the name or id ${id}.`);
  return key;
}

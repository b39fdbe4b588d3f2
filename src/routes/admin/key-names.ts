import type { KeyBook } from '../../keys/key-book.ts';

/** What people call the key with this id; the id itself where it was revoked. */
export type NameKey = (keyId: string) => string;

/** Looks up the names of the keys in these records. */
export async function readKeyNames(
  keys: Pick<KeyBook, 'get'>,
  records: readonly { keyId: string }[],
): Promise<NameKey> {
  const ids = [...new Set(records.map(({ keyId }) => keyId))];
  const names = await Promise.all(ids.map(async (id) => [id, (await keys.get(id))?.name] as const));
  const byId = new Map(names);
  return (keyId) => byId.get(keyId) ?? keyId;
}

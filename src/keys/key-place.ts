import { z } from 'zod';

import { StoredKey } from './api-key.ts';

/** Where the further keys stand: a file, or the Redis that several servers share. */
export type KeyPlace = {
  /** A text that differs whenever the keys do, in a shared place empty before the first; cheaper than to read them. */
  readState: () => Promise<string>;
  read: () => Promise<readonly StoredKey[]>;
  /** Replaces the keys by what `change` makes of them, whole or not at all; it may be called several times. */
  change: <Result>(
    change: (keys: readonly StoredKey[]) => { keys: readonly StoredKey[]; result: Result },
  ) => Promise<Result>;
};

const Keys = z
  .strictObject({ keys: z.array(StoredKey) })
  .refine(({ keys }) => new Set(keys.map(({ id }) => id)).size === keys.length, 'ids are unique');

/** Reads keys from the text in which they are kept. Throws `SyntaxError` and `ZodError`. */
export function parseKeys(text: string): readonly StoredKey[] {
  return Keys.parse(JSON.parse(text)).keys;
}

/** Writes keys as the text in which they are kept. Throws `ZodError` for what cannot be read again. */
export function formatKeys(keys: readonly StoredKey[]): string {
  return `${JSON.stringify(Keys.parse({ keys }), undefined, 2)}\n`;
}

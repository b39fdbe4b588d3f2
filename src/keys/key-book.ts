import { timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';

import { type ApiKey, OWNER, type StoredKey } from './api-key.ts';
import { toDigest } from './key-text.ts';
import { readKeysFile } from './keys-file.ts';

export type KeyBookOptions = {
  /** The key that may do everything. */
  ownerKey: string;
  /** The further keys, read again when the file changes. Default: there are none. */
  file?: string;
  /** Told of a file that cannot be read, once for each state of it; what was read last holds. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type KeyBook = {
  /** The key that one of the texts is. */
  find: (texts: readonly string[]) => Promise<ApiKey | undefined>;
  /** The key with this id, unless it was revoked. */
  get: (id: string) => Promise<ApiKey | undefined>;
  /** The first key with this name or id. */
  named: (name: string) => Promise<ApiKey | undefined>;
};

/** A text that a key has, and when it ends, in milliseconds since 1970. */
type Entry = { key: ApiKey; digest: Buffer; untilMs: number };

/** Makes the book of the keys that hold now: the owner's, and those of the file. */
export function createKeyBook({
  ownerKey,
  file,
  onProblem = () => {},
  now = Date.now,
}: KeyBookOptions): KeyBook {
  const owner: Entry = { key: OWNER, digest: toDigest(ownerKey), untilMs: Infinity };
  let entries: readonly Entry[] = [owner];
  let seen: string | undefined;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function readNow(path: string) {
    const state = await readState(path);
    if (state === seen) return;
    try {
      entries = [owner, ...(await readKeysFile(path)).flatMap(toEntries)];
    } catch (error) {
      onProblem(error);
    }
    seen = state;
  }

  /**
   * Everybody waits for a look at the file that began after they came: one that was under way may have seen
   * it before it changed. Those who come meanwhile share the next look.
   */
  async function readAgain() {
    if (file === undefined) return;
    next ??= (reading ?? Promise.resolve()).then(() => {
      reading = next;
      next = undefined;
      return readNow(file);
    });
    await next;
  }

  return {
    async find(texts) {
      await readAgain();
      const digests = texts.map(toDigest);
      // All are compared, whichever fits: the time tells nothing.
      const found = entries.filter(
        ({ digest }) => digests.filter((given) => timingSafeEqual(given, digest)).length > 0,
      );
      return found.find(({ untilMs }) => untilMs > now())?.key;
    },
    async get(id) {
      await readAgain();
      return entries.find(({ key }) => key.id === id)?.key;
    },
    async named(name) {
      await readAgain();
      return entries.find(({ key }) => key.name === name || key.id === name)?.key;
    },
  };
}

/** Differs whenever the file does; a whole read costs more than this at every request. */
async function readState(file: string) {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

function toEntries(key: StoredKey): Entry[] {
  const { hash, previousHash, previousUntil } = key;
  const entry = { key, digest: Buffer.from(hash, 'hex'), untilMs: Infinity };
  if (previousHash === undefined || previousUntil === undefined) return [entry];
  const digest = Buffer.from(previousHash, 'hex');
  return [entry, { key, digest, untilMs: Date.parse(previousUntil) }];
}

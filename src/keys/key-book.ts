import { timingSafeEqual } from 'node:crypto';

import { RunError } from '../run-error.ts';
import { type ApiKey, OWNER, type StoredKey } from './api-key.ts';
import type { KeyPlace } from './key-place.ts';
import { toDigest } from './key-text.ts';

export type KeyBookOptions = {
  /** The key that may do everything. */
  ownerKey: string;
  /** The further keys, read again when they change. Default: there are none. */
  place?: KeyPlace;
  /** Told of keys that cannot be read, once for each state of them; what was read last holds. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** All but the owner's key throw `queue-timeout` where the keys are in a Redis that is away. */
export type KeyBook = {
  /** The key that one of the texts is. */
  find: (texts: readonly string[]) => Promise<ApiKey | undefined>;
  /** The key with this id, unless it was revoked. */
  get: (id: string) => Promise<ApiKey | undefined>;
  /** The first key with this name or id. */
  named: (name: string) => Promise<ApiKey | undefined>;
  /** A text that differs when the keys do, or a text that a key had has ended. */
  readRevision: () => Promise<string>;
};

/** A text that a key has, and when it ends, in milliseconds since 1970. */
type Entry = { key: ApiKey; digest: Buffer; untilMs: number };

/** Makes the book of the keys that hold now: the owner's, and those of the place. */
export function createKeyBook({
  ownerKey,
  place,
  onProblem = () => {},
  now = Date.now,
}: KeyBookOptions): KeyBook {
  const owner: Entry = { key: OWNER, digest: toDigest(ownerKey), untilMs: Infinity };
  const further = createLatest(place, onProblem);
  void further.readAgain().catch(ignore); // what is wrong with them is told at once, whoever comes first

  /** Looks the keys over as they are now. For the owner's the others need not be looked at, nor be there. */
  async function look(find: (entries: readonly Entry[]) => ApiKey | undefined) {
    if (find([owner]) === OWNER) return OWNER;
    await further.readAgain();
    return find(further.entries());
  }

  return {
    find(texts) {
      const digests = texts.map(toDigest);
      return look((entries) => {
        // All are compared, whichever fits: the time tells nothing.
        const found = entries.filter(
          ({ digest }) => digests.filter((given) => timingSafeEqual(given, digest)).length > 0,
        );
        return found.find(({ untilMs }) => untilMs > now())?.key;
      });
    },
    get: (id) => look((entries) => entries.find(({ key }) => key.id === id)?.key),
    named: (name) =>
      look((entries) => entries.find(({ key }) => key.name === name || key.id === name)?.key),
    async readRevision() {
      await further.readAgain();
      const valid = further.entries().filter(({ untilMs }) => untilMs > now());
      return `${further.state()} ${valid.length}`;
    },
  };
}

/** The further keys as they were last read. */
function createLatest(place: KeyPlace | undefined, onProblem: (error: unknown) => void) {
  let entries: readonly Entry[] = [];
  let seen: string | undefined;
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function readNow({ readState, read }: KeyPlace) {
    const state = await readState();
    if (state === seen) return;
    try {
      entries = (await read()).flatMap(toEntries);
    } catch (error) {
      if (error instanceof RunError) throw error; // they are there, but not now
      onProblem(error);
    }
    seen = state;
  }

  return {
    entries: () => entries,
    state: () => seen,
    /**
     * Everybody waits for a look at the place that began after they came: one that was under way may have seen
     * it before it changed. Those who come meanwhile share the next look.
     */
    async readAgain() {
      if (place === undefined) return;
      next ??= (reading ?? Promise.resolve()).catch(ignore).then(() => {
        reading = next;
        next = undefined;
        return readNow(place);
      });
      await next;
    },
  };
}

function toEntries(key: StoredKey): Entry[] {
  const { hash, previousHash, previousUntil } = key;
  const entry = { key, digest: Buffer.from(hash, 'hex'), untilMs: Infinity };
  if (previousHash === undefined || previousUntil === undefined) return [entry];
  const digest = Buffer.from(previousHash, 'hex');
  return [entry, { key, digest, untilMs: Date.parse(previousUntil) }];
}

function ignore(): void {}

import { getHeapStatistics } from 'node:v8';

import { RunError } from '../../run-error.ts';

export type BodyMeterOptions = {
  /** Bytes of all bodies together. Default: a part of what Node's heap may become. */
  maxBytes?: number | undefined;
  /** Bytes of one key's bodies. Default: half of all. */
  maxBytesPerKey?: number | undefined;
};

/** The bytes of one request's body, or of a WebSocket's message, that the server holds. */
export type HeldBody = {
  /** Takes more. Throws `rate-limited` when the key holds too much already, `overloaded` when all do. */
  add(bytes: number): void;
  /** Forgets all of them. */
  release(): void;
};

/** Of the heap, for bodies as they came: what is made of one takes twice as much again until its answer. */
const HEAP_SHARE = 1 / 6;

/** A body up to here passes however much the other keys hold, so that they lock nobody out. */
export const SMALL_BODY_BYTES = 65_536;

const RETRY_AFTER_SECONDS = 1;

/** Bounds what the bodies of all requests under way take together, and messages of WebSockets. One alone is bounded elsewhere. */
export function createBodyMeter({
  maxBytes = getHeapStatistics().heap_size_limit * HEAP_SHARE,
  maxBytesPerKey = maxBytes / 2,
}: BodyMeterOptions = {}): { open: (keyId: string) => HeldBody } {
  const byKey = new Map<string, number>();
  let total = 0;

  const change = (keyId: string, bytes: number) => {
    total += bytes;
    const ofKey = (byKey.get(keyId) ?? 0) + bytes;
    if (ofKey > 0) byKey.set(keyId, ofKey);
    else byKey.delete(keyId);
  };

  const open = (keyId: string): HeldBody => {
    let held = 0;
    return {
      add(bytes) {
        const others = { ofKey: (byKey.get(keyId) ?? 0) - held, ofAll: total - held };
        const wanted = held + bytes;
        if (others.ofKey > 0 && others.ofKey + wanted > maxBytesPerKey) throw toKeyFull();
        const isLarge = wanted > SMALL_BODY_BYTES;
        if (isLarge && others.ofAll > 0 && others.ofAll + wanted > maxBytes) throw toServerFull();
        held = wanted;
        change(keyId, bytes);
      },
      release() {
        change(keyId, -held);
        held = 0;
      },
    };
  };
  return { open };
}

function toKeyFull() {
  return new RunError(
    'rate-limited',
    'The requests of this key that are under way hold as many bytes as one key may: try again when one of them is answered, or send less in each.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

function toServerFull() {
  return new RunError(
    'overloaded',
    'The requests under way hold as many bytes as this server has room for: try again when one of them is answered, or send less in each.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

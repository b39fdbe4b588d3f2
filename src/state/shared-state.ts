import type { Redis } from 'ioredis';

/** What the servers of a cluster keep in their Redis, so that each of them finds it there. */
export type SharedState = {
  /** Names a key of Redis below the cluster's prefix. */
  toKey: (...parts: readonly string[]) => string;
  /** Asks Redis. Throws `queue-timeout`, a 503, at once or within seconds while it is away. */
  ask: <Result>(ask: (redis: Redis) => Promise<Result>) => Promise<Result>;
  /** For how long Redis has answered without a break, in milliseconds: leases that ran out before tell nothing. */
  upForMs: () => number;
  /**
   * Milliseconds since 1970 by the clock of Redis: what one server notes another one compares with, and their own clocks
   * may differ.
   */
  now: () => number;
  /** Runs a Lua script, which Redis does atomically. Throws as `ask` does. */
  run: (
    script: string,
    keys: readonly string[],
    values?: readonly (string | number | Buffer)[],
  ) => Promise<unknown>;
  /** Sends a text to all servers that are subscribed, this one among them; those that are away never get it. */
  publish: (topic: string, text: string) => Promise<void>;
  /** Calls `onText` with each text that is published from here on, as long as the server runs. */
  subscribe: (topic: string, onText: (text: string) => void) => Promise<void>;
  /** Encrypts a text for one place (a key of Redis, say); it can be decrypted for that place only. */
  encrypt: (text: string, place: string) => Buffer;
  /** Throws when it was not encrypted with the cluster's secret for this place. */
  decrypt: (sealed: Buffer, place: string) => string;
};

import type { Redis } from 'ioredis';

/** The Redis that several servers share, for what each of them is to find there. */
export type SharedState = {
  /** Names a key of Redis below the cluster's prefix. */
  toKey: (...parts: readonly string[]) => string;
  /** Asks Redis. Throws `queue-timeout`, a 503, at once or within seconds while it is away. */
  ask: <Result>(ask: (redis: Redis) => Promise<Result>) => Promise<Result>;
  /** Runs a script, which Redis does at one blow. Throws as `ask` does. */
  run: (
    script: string,
    keys: readonly string[],
    values?: readonly (string | number | Buffer)[],
  ) => Promise<unknown>;
  /** Tells all servers that listen, this one among them; nobody keeps it for those who are away. */
  tell: (topic: string, text: string) => Promise<void>;
  /** Hears what is told from here on, as long as the server runs. */
  listen: (topic: string, onText: (text: string) => void) => Promise<void>;
  /** Encrypts a text for its place, where alone it can be opened. */
  close: (text: string, place: string) => Buffer;
  /** Throws when it was not encrypted with the cluster's secret for this place. */
  open: (sealed: Buffer, place: string) => string;
};

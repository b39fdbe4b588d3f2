import { createHash } from 'node:crypto';

import { Redis } from 'ioredis';

import { within } from '../common/within.ts';
import { checkSecret, type CheckSecretOptions } from './check-secret.ts';
import { HEARTBEAT, startHeartbeat } from './heartbeat.ts';
import { SCRIPTS } from './scripts.ts';

type Argument = string | number | Buffer;

/** One Redis, through which a cluster works. */
export type ClusterRedis = {
  redis: Redis;
  /** Runs a script whose first key is this one. */
  run: (name: keyof typeof SCRIPTS, key: string, ...args: Argument[]) => Promise<unknown>;
  /** Whether it can be asked now, as far as the connection knows. */
  isUp: () => boolean;
  /** Whether it answers, as it was a few seconds ago. */
  isHeard: () => boolean;
  /** For how long it has been there without a break, in milliseconds. */
  upForMs: () => number;
  /** Notes that it did not answer for a while, though connected. */
  noteBreak: () => void;
  /** A connection of its own, for what blocks or subscribes. */
  connect: () => Redis;
  close: () => void;
};

export type RedisOptions = CheckSecretOptions & {
  url: string;
  /** Told of each failure; connections come back by themselves. */
  onProblem: (error: unknown) => void;
};

/** Longest wait for the first answer, in milliseconds. */
const CONNECT_MS = 10_000;

/** Longest wait between two tries to connect, in milliseconds. */
const RETRY_MS = 500;

/** After so long without a word an idle connection is asked by TCP itself, ten times within ten seconds; in milliseconds. */
export const KEEP_ALIVE_MS = 5000;

const HASHES = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, script]) => [
    name,
    createHash('sha1').update(script).digest('hex'),
  ]),
) as Record<keyof typeof SCRIPTS, string>; // of the same names

/** Connects. Throws one sentence when nothing answers there, or nothing with which this program can work. */
export async function openRedis(options: RedisOptions): Promise<ClusterRedis> {
  const { url, onProblem } = options;
  const opened: Redis[] = [];
  const connect = (own: Partial<typeof HEARTBEAT> = {}) => {
    const connection = new Redis(url, {
      keepAlive: KEEP_ALIVE_MS,
      // What was asked while it was away is answered when it is back: streams go on.
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(RETRY_MS, attempt * 50),
      enableReadyCheck: true,
      ...own,
    });
    connection.on('error', onProblem);
    opened.push(connection);
    return connection;
  };
  const beat = connect(HEARTBEAT);
  const endHeartbeat = startHeartbeat({ beat, all: opened, onProblem });
  const close = () => {
    endHeartbeat();
    for (const connection of opened) connection.disconnect();
  };
  const redis = connect();
  let upSinceMs = performance.now();
  const noteBreak = () => {
    upSinceMs = performance.now();
  };
  for (const connection of [redis, beat]) connection.on('ready', noteBreak);
  try {
    await checkRedis(redis, beat, options);
  } catch (error) {
    close();
    throw error;
  }
  const isUp = () => redis.status === 'ready';
  return {
    redis,
    isUp,
    isHeard: () => isUp() && beat.status === 'ready',
    upForMs: () => (isUp() ? performance.now() - upSinceMs : 0),
    noteBreak,
    connect: () => connect(),
    close,
    async run(name, key, ...args) {
      try {
        return await redis.evalsha(HASHES[name], 1, key, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return redis.eval(SCRIPTS[name], 1, key, ...args);
      }
    },
  };
}

async function checkRedis(redis: Redis, beat: Redis, options: RedisOptions) {
  const asking = Promise.all([redis.ping(), beat.ping()]).catch(() => undefined);
  if ((await within(asking, CONNECT_MS)) === undefined) throw toNoRedis();
  await refuseRedisCluster(redis);
  await checkSecret(redis, options);
}

/** Sends what is asked meanwhile as one packet: each would be a call of the system, and wake the other side. */
export function inOnePacket<Answer>({ stream }: Redis, ask: () => Answer): Answer {
  stream?.cork(); // there is none before the first connection
  try {
    return ask();
  } finally {
    stream?.uncork();
  }
}

/** Scripts and queues name keys that a Redis Cluster would have on several machines. Who may not ask is not refused. */
async function refuseRedisCluster(redis: Redis) {
  const info = await redis.info('cluster').catch(() => '');
  if (!info.includes('cluster_enabled:1')) return;
  throw new Error(
    'The Redis of REDIS_URL is part of a Redis Cluster, which is not supported: give the address of a single one.',
  );
}

/** Why nothing can begin where no Redis answers. */
export function toNoRedis(): Error {
  return new Error('The Redis of REDIS_URL does not answer: start it, or correct the address.');
}

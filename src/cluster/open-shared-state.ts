import { createHash } from 'node:crypto';

import { Redis } from 'ioredis';

import { within, withinOwnTime } from '../common/within.ts';
import type { SharedState } from '../state/shared-state.ts';
import { checkSecret, type CheckSecretOptions } from './check-secret.ts';
import { KEEP_ALIVE_MS, toNoRedis } from './open-redis.ts';
import { toStateAway } from './refusals.ts';
import { createSeal } from './seal.ts';

export type SharedStateOptions = {
  redisUrl: string;
  secret: string;
  prefix: string;
  /** Told of each failure; the connection comes back by itself. */
  onProblem: (error: unknown) => void;
};

/** Longest wait for the first answer, and for each later one, in milliseconds. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 3000;

/** A connection on which nothing was answered for so long is opened anew, in milliseconds: its packets may vanish. */
const SILENT_MS = 5000;

/** Longest wait between two tries to connect, in milliseconds. */
const RETRY_MS = 500;

/** How often it is asked whether it is there, in milliseconds; an answer that takes longer is late. */
const LOOK_MS = 1000;

/** What Redis says when it takes no command now, though it is there; `EXECABORT` in the place of the others for a `MULTI`. */
const TAKES_NOTHING = /^(OOM|READONLY|MISCONF|LOADING|BUSY|MASTERDOWN|NOREPLICAS|EXECABORT)/;

/**
 * Opens a connection for what servers share. Unlike what goes to workers, no command waits here for a Redis that is
 * away, and none is sent twice: what is counted must count once. Throws an error of one sentence when no Redis
 * answers, or others work there with another secret.
 */
export async function openSharedState({
  redisUrl,
  secret,
  prefix,
  onProblem,
}: SharedStateOptions): Promise<SharedState & { end: () => void }> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: ANSWER_MS,
    socketTimeout: SILENT_MS,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: (attempt) => Math.min(RETRY_MS, attempt * 50),
  });
  redis.on('error', onProblem);
  const seal = createSeal(secret);
  await connectTo(redis, { prefix, seal });
  const toKey = (...parts: readonly string[]) => [prefix, 'state', ...parts].join(':');
  const subscriber = createSubscriber(redis, onProblem);
  const clock = createClock();
  const uptime = watchUptime(redis, clock.note);
  await uptime.look();
  const ask = createAsk(redis);
  return {
    toKey,
    ask,
    upForMs: uptime.read,
    now: clock.now,
    run: (script, keys, values = []) =>
      ask(async () => {
        const rest = [keys.length, ...keys, ...values] as const;
        try {
          return await redis.evalsha(toHash(script), ...rest);
        } catch (error) {
          if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
          return await redis.eval(script, ...rest);
        }
      }),
    async publish(topic, text) {
      const sealed = seal.close(text, `told ${topic}`).toString('base64');
      await ask(() => redis.publish(toKey('told', topic), sealed));
    },
    subscribe: (topic, onText) =>
      subscriber.subscribe(toKey('told', topic), (sealed) =>
        onText(seal.open(Buffer.from(sealed, 'base64'), `told ${topic}`)),
      ),
    encrypt: seal.close,
    decrypt: seal.open,
    end() {
      subscriber.end();
      uptime.end();
      redis.disconnect();
    },
  };
}

async function connectTo(redis: Redis, place: CheckSecretOptions) {
  try {
    const connecting = redis.connect().then(() => true);
    if (!(await within(connecting.catch(ignore), CONNECT_MS))) throw toNoRedis();
    await checkSecret(redis, place);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/** What Redis said while this process was stopped has come in time: `commandTimeout` of the client would lose it. */
function createAsk(redis: Redis): SharedState['ask'] {
  return async (work) => {
    try {
      const answering = work(redis).then((answer) => ({ answer }));
      const answered = await withinOwnTime(answering, ANSWER_MS);
      if (!answered) throw new Error('Redis did not answer in time.');
      return answered.answer;
    } catch (cause) {
      throw isRefusal(cause) ? cause : toStateAway(cause);
    }
  };
}

/** Clocks that differ by less are the same, in milliseconds: an answer takes some time. */
const SAME_MS = 2000;

/** The clock of Redis, as it was last told. */
function createClock() {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    note: ([seconds]: readonly number[]) => {
      const differenceMs = Number(seconds) * 1000 - Date.now();
      aheadMs = Math.abs(differenceMs) < SAME_MS ? 0 : differenceMs;
    },
  };
}

/** Notes each break: a lost connection, and an answer that is late; what comes in time says how late it is there. */
function watchUptime(redis: Redis, noteTime: (time: readonly number[]) => void) {
  let sinceMs = performance.now();
  const restart = () => {
    sinceMs = performance.now();
  };
  const look = async () => {
    const askedAtMs = performance.now();
    const time = await withinOwnTime(redis.time().catch(restart), LOOK_MS);
    if (performance.now() - askedAtMs > LOOK_MS) restart();
    else if (time) noteTime(time);
  };
  redis.on('ready', restart);
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return {
    look,
    read: () => (redis.status === 'ready' ? performance.now() - sinceMs : 0),
    end: () => clearInterval(timer),
  };
}

/** Subscribes to channels on a connection of its own, opened for the first of them, which comes back by itself. */
function createSubscriber(redis: Redis, onProblem: (error: unknown) => void) {
  const listeners = new Map<string, (message: string) => void>();
  let connection: Redis | undefined;

  const connect = () => {
    const own = redis.duplicate({ ...SUBSCRIBER });
    own.on('error', onProblem);
    own.on('message', (channel: string, message: string) => {
      try {
        listeners.get(channel)?.(message);
      } catch (error) {
        onProblem(error); // thrown in a listener, it would end the program
      }
    });
    return own;
  };
  return {
    async subscribe(channel: string, listener: (message: string) => void) {
      listeners.set(channel, listener);
      connection ??= connect();
      await connection.subscribe(channel);
    },
    end: () => connection?.disconnect(),
  };
}

/** Unlike commands, subscriptions wait until Redis is back. */
const SUBSCRIBER = {
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  commandTimeout: CONNECT_MS,
};

/** Whether Redis refused the command itself: that is a mistake of ours, which no waiting mends. */
function isRefusal(error: unknown) {
  return (
    error instanceof Error && error.name === 'ReplyError' && !TAKES_NOTHING.test(error.message)
  );
}

const hashes = new Map<string, string>();

function toHash(script: string) {
  const known = hashes.get(script) ?? createHash('sha1').update(script).digest('hex');
  hashes.set(script, known);
  return known;
}

function ignore(): void {}

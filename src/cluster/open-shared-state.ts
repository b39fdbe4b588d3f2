import { createHash } from 'node:crypto';

import { Redis } from 'ioredis';

import { within } from '../common/within.ts';
import type { SharedState } from '../state/shared-state.ts';
import { toNoRedis } from './open-redis.ts';
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

/** Longest wait between two tries to connect, in milliseconds. */
const RETRY_MS = 500;

/** What Redis says when it takes no command now, though it is there. */
const TAKES_NOTHING = /^(OOM|READONLY|MISCONF|LOADING|BUSY|MASTERDOWN|NOREPLICAS)/;

/**
 * Connects for what servers share. Unlike what goes to workers, nothing waits here for a Redis that is away, and
 * nothing is sent twice: what is counted must count once. Throws one sentence when nothing answers there.
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
    commandTimeout: ANSWER_MS,
    retryStrategy: (attempt) => Math.min(RETRY_MS, attempt * 50),
  });
  redis.on('error', onProblem);
  const connecting = redis.connect().then(() => true);
  if (!(await within(connecting.catch(ignore), CONNECT_MS))) {
    redis.disconnect();
    throw toNoRedis();
  }
  const seal = createSeal(secret);
  const toKey = (...parts: readonly string[]) => [prefix, 'state', ...parts].join(':');
  const hearing = createHearing(redis, onProblem);
  const ask: SharedState['ask'] = async (work) => {
    try {
      return await work(redis);
    } catch (cause) {
      throw isRefusal(cause) ? cause : toStateAway(cause);
    }
  };
  return {
    toKey,
    ask,
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
    async tell(topic, text) {
      const sealed = seal.close(text, `told ${topic}`).toString('base64');
      await ask(() => redis.publish(toKey('told', topic), sealed));
    },
    listen: (topic, onText) =>
      hearing.listen(toKey('told', topic), (sealed) =>
        onText(seal.open(Buffer.from(sealed, 'base64'), `told ${topic}`)),
      ),
    close: seal.close,
    open: seal.open,
    end() {
      hearing.end();
      redis.disconnect();
    },
  };
}

/** Hears channels on a connection of its own, which begins with the first of them, and comes back by itself. */
function createHearing(redis: Redis, onProblem: (error: unknown) => void) {
  const listeners = new Map<string, (message: string) => void>();
  let connection: Redis | undefined;

  const connect = () => {
    const own = redis.duplicate({ ...ON_ITS_OWN });
    own.on('error', onProblem);
    own.on('message', (channel: string, message: string) => {
      try {
        listeners.get(channel)?.(message);
      } catch (error) {
        onProblem(error); // what is thrown in a listener ends the program
      }
    });
    return own;
  };
  return {
    async listen(channel: string, listener: (message: string) => void) {
      listeners.set(channel, listener);
      connection ??= connect();
      await connection.subscribe(channel);
    },
    end: () => connection?.disconnect(),
  };
}

/** What it waits for comes whenever Redis is there. */
const ON_ITS_OWN = {
  lazyConnect: false,
  enableOfflineQueue: true,
  maxRetriesPerRequest: null,
  commandTimeout: CONNECT_MS,
};

/** Whether Redis answered that it does not understand: that is a mistake of ours, and does not go by. */
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

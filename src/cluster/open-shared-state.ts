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
  const ask: SharedState['ask'] = async (work) => {
    try {
      return await work(redis);
    } catch (cause) {
      throw isRefusal(cause) ? cause : toStateAway(cause);
    }
  };
  return {
    toKey: (...parts) => [prefix, 'state', ...parts].join(':'),
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
    close: seal.close,
    open: seal.open,
    end: () => redis.disconnect(),
  };
}

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

import type { ApiKey } from '../keys/api-key.ts';
import { RunError } from '../run-error.ts';
import type { Count, CounterName, Counters } from './counters.ts';
import { createPlaces, type Places } from './places.ts';

export type KeyLimits = {
  /**
   * Begins a request of a key, which counts until it leaves. Throws `rate-limited`, with the time after
   * which another try makes sense, when one of the key's limits is reached.
   */
  enter: (key: ApiKey) => Promise<Visit>;
  /** Counts what a key's requests turn out to have cost, in US dollars. Never throws. */
  charge: (keyId: string, costUsd: number) => Promise<void>;
  /** How far the key is from its limits; what it has no limit for is left out. */
  standing: (key: ApiKey) => Promise<Standing>;
  /** How much of each limit that it has the key uses now. */
  readUses: (key: ApiKey) => Promise<readonly LimitUse[]>;
};

export type LimitUse = {
  /** As the key's rules name it, and in its units: requests, tokens, US dollars. */
  limit: LimitName;
  most: number;
  used: number;
  /** When the count begins anew, in milliseconds since 1970; `undefined` while no window runs. */
  resetsAtMs: number | undefined;
};

type LimitName =
  | 'requestsPerMinute'
  | 'runningAtOnce'
  | 'tokensPerMinute'
  | 'tokensPerDay'
  | 'usdPerDay';

export type Visit = {
  /** What the key may still spend today; `undefined` without a limit. */
  budgetUsd: number | undefined;
  /** Ends the request. Never throws. */
  leave: (spent: Spent) => Promise<void>;
};

export type Spent = { tokens: number; costUsd: number };

type Standing = { requests?: Allowance; tokens?: Allowance };

type Allowance = { limit: number; remaining: number; msLeft: number };

/** A limit of a key in the counter's own units. */
type Limit = { counter: CounterName; most: number; words: string };

const MICRO = 1_000_000;

export type KeyLimitsOptions = {
  counters: Counters;
  /** Default: of this server alone. */
  places?: Places;
  /** Told when a count could not be kept. Default: nobody. */
  onProblem?: (error: unknown) => void;
};

/** Makes the limits of all keys. What is under way when a limit is reached is let finish. */
export function createKeyLimits({
  counters,
  places = createPlaces(),
  onProblem = () => {},
}: KeyLimitsOptions): KeyLimits {
  /** The ids of the keys whose dollars are limited, as far as they were seen. */
  const limited = new Set<string>();

  return {
    async enter(key) {
      if (key.usdPerDay === undefined) limited.delete(key.id);
      else limited.add(key.id);
      const leavePlace = await places.take(key);
      try {
        const budgetUsd = await admit(counters, key);
        return {
          budgetUsd,
          async leave(spent) {
            await spend(counters, key, spent).catch(onProblem);
            await leavePlace();
          },
        };
      } catch (error) {
        await leavePlace();
        throw error;
      }
    },
    async charge(keyId, costUsd) {
      if (limited.has(keyId)) await addUsd(counters, keyId, costUsd).catch(onProblem);
    },
    standing: (key) => readStanding(counters, key),
    readUses: async (key) => [
      ...(await readCounted(counters, key)),
      ...(await readPlacesUse(places, key)),
    ],
  };
}

/** Counts the request; resolves with the key's budget. Throws `rate-limited`. */
async function admit(counters: Counters, key: ApiKey): Promise<number | undefined> {
  for (const limit of toTokenLimits(key)) await checkSpent(counters, key, limit);
  const cost = toCostLimit(key);
  const spent = cost && (await checkSpent(counters, key, cost));
  const requests = toRequestLimit(key);
  if (requests) {
    const count = await counters.add(requests.counter, key.id, 1);
    if (count.used > requests.most) throw toLimitError(requests, count);
  }
  return cost && spent && (cost.most - spent.used) / MICRO;
}

async function checkSpent(counters: Counters, { id }: ApiKey, limit: Limit): Promise<Count> {
  const count = await counters.read(limit.counter, id);
  if (count.used >= limit.most) throw toLimitError(limit, count);
  return count;
}

async function spend(counters: Counters, key: ApiKey, { tokens, costUsd }: Spent): Promise<void> {
  const amounts = {
    tokensPerMinute: key.tokensPerMinute === undefined ? 0 : tokens,
    tokensPerDay: key.tokensPerDay === undefined ? 0 : tokens,
  };
  for (const [counter, amount] of Object.entries(amounts)) {
    if (amount > 0) await counters.add(counter as keyof typeof amounts, key.id, amount); // `entries` forgets the names
  }
  if (key.usdPerDay !== undefined) await addUsd(counters, key.id, costUsd);
}

async function addUsd(counters: Counters, keyId: string, costUsd: number): Promise<void> {
  if (costUsd > 0) await counters.add('microUsdPerDay', keyId, Math.ceil(costUsd * MICRO));
}

async function readStanding(counters: Counters, key: ApiKey): Promise<Standing> {
  const read = async (limit: Limit) =>
    toAllowance(limit, await counters.read(limit.counter, key.id));
  const requests = toRequestLimit(key);
  const [tokens] = (await Promise.all(toTokenLimits(key).map(read))).toSorted(
    (one, other) => one.remaining - other.remaining,
  );
  return {
    ...(requests && { requests: await read(requests) }),
    ...(tokens && { tokens }),
  };
}

async function readCounted(counters: Counters, key: ApiKey): Promise<LimitUse[]> {
  const limits = [toRequestLimit(key), ...toTokenLimits(key), toCostLimit(key)];
  const uses = limits.map(async (limit): Promise<LimitUse[]> => {
    if (!limit) return [];
    const { used, msLeft } = await counters.read(limit.counter, key.id);
    const { name, unit } = RULES[limit.counter];
    const resetsAtMs = msLeft > 0 ? Date.now() + msLeft : undefined;
    return [{ limit: name, most: limit.most / unit, used: used / unit, resetsAtMs }];
  });
  return (await Promise.all(uses)).flat();
}

/** What the rules call each counter, and how much of it is one of theirs. */
const RULES = {
  requestsPerMinute: { name: 'requestsPerMinute', unit: 1 },
  tokensPerMinute: { name: 'tokensPerMinute', unit: 1 },
  tokensPerDay: { name: 'tokensPerDay', unit: 1 },
  microUsdPerDay: { name: 'usdPerDay', unit: MICRO },
} as const satisfies Record<CounterName, { name: LimitName; unit: number }>;

async function readPlacesUse(
  places: Places,
  { id, runningAtOnce: most }: ApiKey,
): Promise<LimitUse[]> {
  if (most === undefined) return [];
  return [{ limit: 'runningAtOnce', most, used: await places.count(id), resetsAtMs: undefined }];
}

function toRequestLimit({ requestsPerMinute: most }: ApiKey): Limit | undefined {
  if (most === undefined) return undefined;
  return { counter: 'requestsPerMinute', most, words: `send ${most} requests a minute` };
}

function toTokenLimits({ tokensPerMinute, tokensPerDay }: ApiKey): Limit[] {
  const limits: readonly (Omit<Limit, 'most'> & { most: number | undefined })[] = [
    {
      counter: 'tokensPerMinute',
      most: tokensPerMinute,
      words: `use ${tokensPerMinute} tokens a minute`,
    },
    { counter: 'tokensPerDay', most: tokensPerDay, words: `use ${tokensPerDay} tokens a day` },
  ];
  return limits.flatMap(({ most, ...limit }) => (most === undefined ? [] : [{ ...limit, most }]));
}

function toCostLimit({ usdPerDay }: ApiKey): Limit | undefined {
  if (usdPerDay === undefined) return undefined;
  const most = Math.round(usdPerDay * MICRO);
  return { counter: 'microUsdPerDay', most, words: `spend ${usdPerDay} USD a day` };
}

function toAllowance({ most }: Limit, { used, msLeft }: Count): Allowance {
  return { limit: most, remaining: Math.max(0, most - used), msLeft };
}

function toLimitError({ words }: Limit, { msLeft }: Count): RunError {
  const retryAfterSeconds = Math.max(1, Math.ceil(msLeft / 1000));
  const sentence = `This key may ${words}, and has; try again in ${retryAfterSeconds} s.`;
  return new RunError('rate-limited', sentence, { retryAfterSeconds });
}

import { addAbortListener } from 'node:events';
import { isIPv6 } from 'node:net';

import { RateLimiterMemory } from 'rate-limiter-flexible';

import { RunError } from '../run-error.ts';

/** Wrong keys that cost nothing: people mistype, and clients try again. */
const FREE_GUESSES = 5;

/** How long an address is remembered, in seconds. */
const MEMORY_SECONDS = 600;

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 5000;

/** Answers held back for one address at a time; a flood of guesses must not hold all sockets. */
const MAX_HELD = 20;

/** Holds the answer to a wrong key back; ends early, without an error, when the signal aborts. */
export type GuessBrake = (address: string | undefined, signal: AbortSignal) => Promise<void>;

/**
 * Makes wrong keys cost time: each one from the same address twice as much as the one before, 5 s at
 * most, for ten minutes. Throws `rate-limited` to an address that does not wait for its answers.
 */
export function createGuessBrake(): GuessBrake {
  const guesses = new RateLimiterMemory({
    points: Number.MAX_SAFE_INTEGER,
    duration: MEMORY_SECONDS,
  });
  const held = new Map<string, number>();

  return async (address, signal) => {
    if (address === undefined) return;
    const network = toNetwork(address);
    const { consumedPoints } = await guesses.penalty(network);
    const delayMs = toDelay(consumedPoints - FREE_GUESSES);
    const count = held.get(network) ?? 0;
    if (count >= MAX_HELD) {
      throw new RunError('rate-limited', 'Too many wrong keys came from this address.', {
        retryAfterSeconds: LONGEST_DELAY_MS / 1000,
      });
    }
    held.set(network, count + 1);
    try {
      await wait(delayMs, signal);
    } finally {
      const left = (held.get(network) ?? 1) - 1;
      if (left > 0) held.set(network, left);
      else held.delete(network);
    }
  };
}

function toDelay(costlyGuesses: number) {
  return costlyGuesses <= 0
    ? 0
    : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (costlyGuesses - 1));
}

/** Whoever has one IPv6 address has 2⁶⁴ of them. */
function toNetwork(address: string) {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const rest = tail?.split(':').filter(Boolean) ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}

async function wait(delayMs: number, signal: AbortSignal) {
  if (delayMs === 0) return;
  const over = Promise.withResolvers<void>();
  using _listener = addAbortListener(signal, () => over.resolve());
  const timer = setTimeout(over.resolve, delayMs);
  await over.promise;
  clearTimeout(timer);
}

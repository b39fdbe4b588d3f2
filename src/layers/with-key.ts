import type { ApiKey } from '../keys/api-key.ts';
import type { KeyBook } from '../keys/key-book.ts';
import type { ApplyKeyRules } from '../keys/key-rules.ts';
import type { KeyLimits, Visit } from '../limits/key-limits.ts';
import { createTally } from '../limits/tally.ts';
import type { CountTokens, Run, RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';

/** What a caller's key is asked. */
export type KeyParts = {
  keys: Pick<KeyBook, 'get'>;
  applyRules: ApplyKeyRules;
  limits: Pick<KeyLimits, 'enter'>;
};

type Admitted = { allowed: RunRequest; visit: Visit; usdPerRun: number | undefined };

/**
 * Runs only what the caller's key allows, within the key's limits from the beginning until the stream has
 * ended, and counts what it used. An agent's budget is what the key may spend for a run, and what is left of
 * its day. Throws
 * `unauthenticated` when the key was revoked since its caller connected, `forbidden` and `rate-limited`.
 */
export function withKey(run: Run, parts: KeyParts): Run {
  return async function* runWithKey(request, signal) {
    const { allowed, visit, usdPerRun } = await admit(request, parts);
    const tally = createTally();
    try {
      for await (const event of run(withBudget(allowed, [visit.budgetUsd, usdPerRun]), signal)) {
        tally.add(event);
        yield event;
      }
    } finally {
      await visit.leave(tally.spent());
    }
  };
}

/** Counts tokens as `withKey` runs: it is a request like any other, and uses no tokens. */
export function countWithKey(countTokens: CountTokens, parts: KeyParts): CountTokens {
  return async (request, signal) => {
    const { allowed, visit } = await admit(request, parts);
    try {
      return await countTokens(allowed, signal);
    } finally {
      await visit.leave({ tokens: 0, costUsd: 0 });
    }
  };
}

/** Looks the key up once for all that is asked of it. What it may not do does not count. */
async function admit(
  request: RunRequest,
  { keys, applyRules, limits }: KeyParts,
): Promise<Admitted> {
  const key: ApiKey | undefined = await keys.get(request.caller.keyId);
  if (!key) throw new RunError('unauthenticated', 'This key was revoked.');
  const allowed = await applyRules(key, request);
  return { allowed, visit: await limits.enter(key), usdPerRun: key.usdPerRun };
}

function withBudget(request: RunRequest, bounds: readonly (number | undefined)[]): RunRequest {
  const { agent } = request;
  const given = bounds.filter((bound) => bound !== undefined);
  if (!agent || given.length === 0) return request;
  const maxBudgetUsd = Math.min(agent.maxBudgetUsd ?? Infinity, ...given);
  return { ...request, agent: { ...agent, maxBudgetUsd } };
}

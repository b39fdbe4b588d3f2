import type { CountTokens, Run } from '../run.ts';
import type { ObeyKey } from '../keys/key-rules.ts';

/** Runs only what the caller's key allows. Throws what `obey` throws. */
export function withKeyRules(run: Run, obey: ObeyKey): Run {
  return async function* runByRules(request, signal) {
    yield* run(await obey(request), signal);
  };
}

/** Counts only what the caller's key allows. */
export function countByKeyRules(countTokens: CountTokens, obey: ObeyKey): CountTokens {
  return async (request, signal) => countTokens(await obey(request), signal);
}

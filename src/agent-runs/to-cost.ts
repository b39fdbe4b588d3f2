import { roundUsd } from '../common/round-usd.ts';
import type { StoredRun } from './run-store.ts';

/** What a run cost in US dollars: by its answer, and by what was told of tries that failed; `null` where nothing was. */
export function toCostUsd({ answer, costUsd }: StoredRun): number | null {
  const told = answer?.['costUsd'];
  if (typeof told !== 'number' && costUsd === undefined) return null;
  return roundUsd((typeof told === 'number' ? told : 0) + (costUsd ?? 0));
}

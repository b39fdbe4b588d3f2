import { APIS } from '../dialects/index.ts';
import type { Trial } from '../dialects/trial.ts';

/** All that can be tried, one for each dialect. */
export const TRIALS: readonly Trial[] = APIS.flatMap(({ trials }) => trials);

/** The trial of the dialect with this name. */
export function findTrial(dialect: string): Trial | undefined {
  return TRIALS.find(({ name }) => name === dialect);
}

/** What people call an API whose dialect has this name. */
export function toApiTitle(dialect: string): string {
  return findTrial(dialect)?.title ?? dialect;
}

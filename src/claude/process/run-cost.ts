import type { Caller } from '../../run.ts';

/** What was spent for a caller, in US dollars; `undefined` when the process ended before it told. */
export type RunCost = { caller: Caller; costUsd: number | undefined };

import { RunError } from './run-error.ts';

/**
 * How often a server may be lost with a request that another one takes over from it. One loss is chance, and so may be a
 * second one. What a third server was lost with would end each further one, too.
 */
export const MOST_LOSSES = 2;

/** Why such a request is not begun once more. */
export function toLostTooOften(): RunError {
  return new RunError(
    'cli-failed',
    `${MOST_LOSSES + 1} servers were lost one after the other while they carried this request out, so it is not begun again. If something else was the reason, send it once more.`,
  );
}

import { addAbortListener } from 'node:events';

import type { CliProcess } from './cli-process.ts';

/** Ends the process when the signal aborts, at once if it already has. Disposing takes that back. */
export function endWhenAborted(
  process: Pick<CliProcess, 'end'>,
  signal: AbortSignal,
  graceMs?: number,
): Disposable {
  return addAbortListener(signal, () => void process.end(graceMs));
}

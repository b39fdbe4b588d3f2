import type { Run } from '../run.ts';

/** Ends every run when `stopped` aborts, with that signal's reason. */
export function withStop(run: Run, stopped: AbortSignal): Run {
  return (request, signal) => run(request, AbortSignal.any([signal, stopped]));
}

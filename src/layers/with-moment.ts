import type { Run, RunMoment } from '../run.ts';

/** Tells whoever watches the run that it got to this place in the stack. */
export function withMoment(run: Run, moment: RunMoment): Run {
  return (request, signal) => {
    request.mark?.(moment);
    return run(request, signal);
  };
}

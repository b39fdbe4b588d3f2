import { createContext, Script } from 'node:vm';

/** Runs work that never waits. Throws `WorkTooLong` when it is not done in time. */
export type TimeLimit = <Result>(work: () => Result) => Result;

export class WorkTooLong extends Error {}

/**
 * Makes a limit for work whose length a caller decides, such as a regular expression of theirs: there
 * is one thread, and nothing but an interrupted script gets it back.
 */
export function createTimeLimit(limitMs: number): TimeLimit {
  const script = new Script('work()');
  const context: { work?: () => void } = {};
  createContext(context);

  return <Result>(work: () => Result): Result => {
    let done: { result: Result } | undefined;
    context.work = () => {
      done = { result: work() };
    };
    try {
      script.runInContext(context, { timeout: limitMs });
    } catch (error) {
      throw isTimeout(error) ? new WorkTooLong() : error;
    }
    if (!done) throw new WorkTooLong();
    return done.result;
  };
}

function isTimeout(error: unknown) {
  return Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

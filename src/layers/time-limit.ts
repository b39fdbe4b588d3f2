import { createContext, Script } from 'node:vm';

/** Runs work that never waits. Throws `WorkTooLong` when it is not done in time. */
export type TimeLimit = <Result>(work: () => Result) => Result;

export class WorkTooLong extends Error {}

/** On a machine that is busy with other things, work is given up to so many times the limit by the clock. */
const MOST_PATIENCE = 16;

/**
 * Makes a limit, in milliseconds of processor time, for work whose length a caller decides, such as a
 * regular expression of theirs: there is one thread, and nothing but an interrupted script gets it back.
 * Work that was interrupted without having had its time begins anew, so it must be free of effects.
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
    for (let patience = 1; patience <= MOST_PATIENCE; patience *= 2) {
      const before = process.cpuUsage();
      try {
        script.runInContext(context, { timeout: limitMs * patience });
      } catch (error) {
        if (!isTimeout(error)) throw error;
        if (toMs(process.cpuUsage(before)) >= limitMs / 2) break;
      }
      if (done) return done.result;
    }
    throw new WorkTooLong();
  };
}

function toMs({ user, system }: NodeJS.CpuUsage) {
  return (user + system) / 1000;
}

function isTimeout(error: unknown) {
  return Object(error).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}

import type { PatientWrites } from '../state/patient-writes.ts';

/** What is put on record of one run, in its order. */
export type RunLine = {
  /** Does this behind all that came before; resolves with what came of it, `undefined` if it was given up. Never throws. */
  write: <Result>(task: () => Promise<Result>) => Promise<Result | undefined>;
  /** Resolves at the first failure: nobody waits for a store that is away. */
  stuck: Promise<void>;
  /** Resolves when all so far is done, or at the first failure. */
  flushed: () => Promise<void>;
};

/** Makes the line of one run's writes. */
export function createRunLine(writes: Pick<PatientWrites, 'write'>): RunLine {
  const stuck = Promise.withResolvers<void>();
  let last: Promise<unknown> = Promise.resolve();

  const attempt = async <Result>(task: () => Promise<Result>) => {
    let outcome: { result: Result } | undefined;
    const { settled } = await writes.write(async () => {
      outcome = { result: await task() };
    });
    if (!outcome) stuck.resolve();
    await settled;
    return outcome?.result;
  };

  return {
    write(task) {
      const done = last.then(() => attempt(task));
      last = done;
      return done;
    },
    stuck: stuck.promise,
    flushed: async () => void (await Promise.race([last, stuck.promise])),
  };
}

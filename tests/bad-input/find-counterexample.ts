import * as fc from 'fast-check';

/**
 * Tries values until `check` throws. Resolves with the smallest value that it throws for, what it
 * threw, and the seed and the path that lead there again; with `undefined` when there is none.
 */
export async function findCounterexample<Value>(
  values: fc.Arbitrary<Value>,
  { count, seed }: { count: number; seed: number },
  check: (value: Value) => Promise<void>,
): Promise<string | undefined> {
  const details = await fc.check(fc.asyncProperty(values, check), { seed, numRuns: count });
  const report = await fc.asyncDefaultReportMessage(details);
  return report && `${report}\n\n${String(details.errorInstance)}`;
}

import { defineConfig } from 'vitest/config';

import LongestFirst from '../support/longest-first.ts';

/** Faults done to the running product, apart from the other tests: they wait for limits and restarts. */
export default defineConfig({
  test: {
    include: ['tests/faults/**/*.test.ts'],
    // Room for a busy machine; a hang must still end.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // They mostly wait. More than two at a time would miss the short limits here.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});

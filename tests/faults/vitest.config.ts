import { defineConfig } from 'vitest/config';

/** Faults done to the running product, apart from the other tests: they wait for limits and restarts. */
export default defineConfig({
  test: {
    include: ['tests/faults/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // One file at a time: limits are short here, and a second server would make the first one miss them.
    maxWorkers: 1,
  },
});

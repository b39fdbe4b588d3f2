import { defineConfig } from 'vitest/config';

/** Faults done to the running product, apart from the other tests: they wait for limits and restarts. */
export default defineConfig({
  test: {
    include: ['tests/faults/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Each file has a server of its own, and waits more than it works.
    maxWorkers: 2,
  },
});

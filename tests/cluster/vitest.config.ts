import { defineConfig } from 'vitest/config';

/** Several programs and a Redis, apart from the other tests. */
export default defineConfig({
  test: {
    include: ['tests/cluster/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One file at a time: leases are short here, and a second cluster would make the first one miss them.
    maxWorkers: 1,
  },
});

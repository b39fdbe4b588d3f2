import { defineConfig } from 'vitest/config';

import LongestFirst from '../support/longest-first.ts';

/** Tests in a real browser, apart from the others: they need what npm does not bring. */
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2, // a page mostly waits
    sequence: { sequencer: LongestFirst },
  },
});

import { defineConfig } from 'vitest/config';

/** Programs of others, too large to be devDependencies: each file installs its own when it is missing. */
export default defineConfig({
  test: {
    include: ['tests/big-clients/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 300_000, // to download half a gigabyte
    maxWorkers: 1,
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/browser/**', 'tests/faults/**'], // npm run test:browser, npm run test:faults
    // Every real CLI start costs half a second of CPU; a slow shared machine needs room, a hang must still end.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});

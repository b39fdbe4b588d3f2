import { defineConfig } from 'vitest/config';

import LongestFirst from './tests/support/longest-first.ts';

/** npm run test:browser, test:faults, test:cluster, test:clients */
const OTHER_COMMANDS = [
  'tests/browser/**',
  'tests/faults/**',
  'tests/cluster/**',
  'tests/big-clients/**',
];

/** Three tiers, by the file's name; CONTRIBUTING tells which test belongs where. */
export default defineConfig({
  test: {
    // Every real CLI start costs half a second of CPU; a slow shared machine needs room, a hang must still end.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './tests/support/slowest-files.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/**/*.{cli,proof,heavy}.test.ts', ...OTHER_COMMANDS],
          isolate: false, // to load the modules anew for each file costs more than the tests
        },
      },
      {
        extends: true,
        test: {
          name: 'cli',
          include: ['tests/**/*.cli.test.ts'],
          exclude: OTHER_COMMANDS,
          isolate: false,
          environment: './tests/support/worker-end.ts', // ends what support/share-proxy.ts started
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          include: ['tests/**/*.proof.test.ts'],
          exclude: OTHER_COMMANDS,
          isolate: false,
        },
      },
      {
        // One file at a time: each of them takes the machine to its limits.
        extends: true,
        test: {
          name: 'heavy',
          include: ['tests/promises/*.heavy.test.ts'],
          fileParallelism: false,
          testTimeout: 240_000,
        },
      },
      {
        // Every dialect once more, with a back end that could be on another machine.
        extends: true,
        test: {
          name: 'wire',
          include: ['tests/dialects/*/over-http.cli.test.ts'],
          env: { RUN_OVER_WIRE: '1' },
        },
      },
    ],
  },
});

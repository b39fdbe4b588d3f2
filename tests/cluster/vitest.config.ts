import { defineConfig } from 'vitest/config';

/** Several programs and a Redis, apart from the other tests. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    // One file at a time: leases are short here, and a second cluster would make the first one miss them.
    maxWorkers: 1,
    projects: [
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['tests/cluster/**/*.test.ts'],
          exclude: ['tests/cluster/**/*.proof.test.ts'],
        },
      },
      {
        // What is lost while many callers go on; `.ci/run` leaves it out.
        extends: true,
        test: { name: 'proof', include: ['tests/cluster/**/*.proof.test.ts'] },
      },
      {
        // Every dialect once more, what is said to agents, and the clients, at a front with one worker.
        extends: true,
        test: {
          name: 'over-redis',
          include: [
            'tests/dialects/*/over-http.cli.test.ts',
            'tests/server/approvals.{cli,proof}.test.ts',
            'tests/clients/*.proof.test.ts',
          ],
          globalSetup: 'tests/cluster/provide-redis.ts',
        },
      },
      {
        // The most used programs of others, at such a front; they are installed when missing.
        extends: true,
        test: {
          name: 'clients-over-redis',
          include: ['tests/big-clients/{claude-code,codex,opencode}.test.ts'],
          globalSetup: 'tests/cluster/provide-redis.ts',
          testTimeout: 240_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});

/**
 * The files that take longest, the longest first, as `slowest-files.ts` tells them at the end of a run:
 * one of them begun last would leave a core with nothing to do. Vitest's own order knows no times on a
 * clean checkout.
 */
export const LONGEST_FILES = [
  'tests/reuse/same-bytes.proof.test.ts',
  'tests/reuse/conversations.proof.test.ts',
  'tests/server/sessions.proof.test.ts',
  'tests/tools/malformed.proof.test.ts',
  'tests/bad-input/bodies.proof.test.ts',
  'tests/server/deadline.proof.test.ts',
  'tests/package/package.proof.test.ts',
  'tests/tools/between.proof.test.ts',
  'tests/promises/two-servers.proof.test.ts',
  'tests/promises/nothing-left-behind.proof.test.ts',
  'tests/tools/limits.proof.test.ts',
  'tests/documents/blocks.proof.test.ts',
  'tests/tools/restart.proof.test.ts',
  'tests/promises/dead-server.proof.test.ts',
  'tests/browser/workbench.test.ts',
  'tests/browser/pages.test.ts',
  'tests/browser/dashboard.test.ts',
  'tests/browser/agent-log.test.ts',
  'tests/faults/proxy-signals.test.ts',
  'tests/faults/cli-signals.test.ts',
  'tests/faults/upstream.test.ts',
  'tests/faults/state.test.ts',
  'tests/faults/bodies.test.ts',
  'tests/faults/callers.test.ts',
  'tests/faults/watchdogs.test.ts',
];

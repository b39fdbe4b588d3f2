import type { Environment } from 'vitest/runtime';

type End = () => Promise<void>;

/** The environment and the tests of a worker load this module each for itself; they meet in the global object. */
const shared = globalThis as { endsOfTests?: End[] };

/** Does something when the worker has run all of its files. */
export function atWorkerEnd(end: End): void {
  (shared.endsOfTests ??= []).push(end);
}

/** The environment of test files that leave something for the next one in their worker. */
const environment: Environment = {
  name: 'worker-end',
  viteEnvironment: 'ssr',
  setup: () => ({
    async teardown() {
      await Promise.all((shared.endsOfTests ?? []).map((end) => end()));
    },
  }),
};

export default environment;

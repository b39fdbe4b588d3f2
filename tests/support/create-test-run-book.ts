import type { InputOptions } from '../../src/agent-runs/pending-inputs.ts';
import { createRunBook, type RunBookOptions } from '../../src/agent-runs/run-book.ts';
import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import { NO_STEERING } from '../../src/backend.ts';
import type { Webhooks } from '../../src/webhooks/create-webhooks.ts';

/** Tells nobody. */
export const NO_WEBHOOKS: Webhooks = {
  check: () => undefined,
  send: () => undefined,
  close: () => Promise.resolve(),
};

/** For runs that ask nobody anything. */
export const NO_INPUTS: InputOptions = {
  steering: NO_STEERING,
  check: () => Promise.resolve([]),
  checkPaths: () => Promise.resolve(),
  timeoutMs: 60_000,
  maxPerKey: 10,
  takeRoom: () => Promise.resolve(() => Promise.resolve()),
};

/** A book of runs that is gone with the test, tells nobody, and lets every key begin what it likes. */
export function createTestRunBook(options: Partial<RunBookOptions> = {}) {
  return createRunBook({
    store: options.store ?? createRunStore({ file: ':memory:', onSetAside: () => undefined }),
    ttlMs: 60_000,
    maxBytesPerKey: 1_000_000,
    maxBackgroundPerKey: 100,
    backgroundTimeoutMs: 60_000,
    inputs: NO_INPUTS,
    webhooks: NO_WEBHOOKS,
    checkRequest: () => Promise.resolve(),
    ...options,
  });
}

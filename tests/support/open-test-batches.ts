import {
  type OpenBatchesOptions,
  openBatches,
  type OpenedBatches,
} from '../../src/batches/open-batches.ts';
import { readConfig } from '../../src/config.ts';
import { RunError } from '../../src/run-error.ts';

export type TestBatchesOptions = Partial<Omit<OpenBatchesOptions, 'config'>> & {
  /** The state folder. */
  folder: string;
  settings?: Record<string, string>;
};

/** Batches that take a place whenever they want one. */
export function openTestBatches({ folder, settings, ...options }: TestBatchesOptions) {
  return openBatches({
    config: readConfig({ STATE_DIR: folder, HOME: folder, ...settings }),
    isAlone: true,
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(4),
    lookMs: 20,
    log: { error: () => undefined },
    ...options,
  });
}

const noBatch = () => {
  throw new RunError('not-found', 'There is no batch in this test.');
};

const toBatch: OpenedBatches['create'] = async (batch) => ({
  ...batch,
  state: 'filling',
  createdAt: 0,
  startedAt: undefined,
  cancelledAt: undefined,
  endedAt: undefined,
  expiresAt: 1,
  counts: { total: 0, succeeded: 0, errored: 0, cancelled: 0, expired: 0 },
  problems: [],
  outputFileId: undefined,
  errorFileId: undefined,
});

/** Takes every batch, and forgets it. */
export const NO_BATCHES: OpenedBatches = {
  create: toBatch,
  createWith: toBatch,
  get: noBatch,
  list: async () => [],
  cancel: noBatch,
  remove: noBatch,
  readLines: noBatch,
  countBytes: noBatch,
  files: {
    receive: noBatch,
    keep: noBatch,
    drop: () => Promise.resolve(),
    get: async (id, keyId) => ({
      id,
      keyId,
      name: 'asked.jsonl',
      purpose: 'batch',
      bytes: 0,
      createdAt: 0,
      expiresAt: 1,
    }),
    list: async () => [],
    read: noBatch,
    remove: noBatch,
  },
  start: () => undefined,
  removeExpired: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

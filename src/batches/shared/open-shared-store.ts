import type { SharedState } from '../../state/shared-state.ts';
import type { BatchStore } from '../batch-tables.ts';
import { createSharedBatches } from './shared-batches.ts';
import { createSharedFiles } from './shared-files.ts';
import { createSharedItems } from './shared-items.ts';

export type SharedBatchesOptions = {
  shared: SharedState;
  /** How long a batch, or a file, is kept of which nothing is heard, in milliseconds. */
  ttlMs: number;
  /** Names who writes, if it must be the one who carries batches out; what it does later is refused. Default: anybody. */
  lead?: string | undefined;
};

/** What a table of batches runs its scripts with. */
export type BatchScripts = Pick<SharedState, 'ask' | 'encrypt' | 'decrypt'> & {
  root: string;
  ttlMs: number;
  run: (script: string, ...values: (string | number | Buffer)[]) => Promise<unknown>;
  /** Whoever carries batches out or not. */
  runUnfenced: (script: string, ...values: (string | number | Buffer)[]) => Promise<unknown>;
};

/** The key of the one who carries batches out. */
export function toLeadKey({ toKey }: Pick<SharedState, 'toKey'>): string {
  return toKey('batches', 'lead');
}

/** Batches, their requests and files in the Redis of a cluster, encrypted. All throw `queue-timeout` while that is away. */
export function openSharedBatchStore(options: SharedBatchesOptions): BatchStore {
  const { shared, ttlMs, lead = '' } = options;
  const root = shared.toKey('batches');
  const keys = [root, toLeadKey(shared)];
  const scripts: BatchScripts = {
    ...shared,
    root,
    ttlMs,
    run: (script, ...values) => shared.run(script, keys, [lead, ...values]),
    runUnfenced: (script, ...values) => shared.run(script, keys, ['', ...values]),
  };
  return {
    batches: createSharedBatches(scripts),
    items: createSharedItems(scripts),
    files: createSharedFiles({ shared, ttlMs }),
    close: () => undefined, // the connection is not its own
  };
}

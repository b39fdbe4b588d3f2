import {
  openBatches,
  type OpenBatchesOptions,
  type OpenedBatches,
} from '../batches/open-batches.ts';
import type { Config } from '../config.ts';
import type { Gate } from '../layers/gate.ts';
import type { OpenedKeys } from './open-keys.ts';

type ServerBatchesOptions = Pick<OpenBatchesOptions, 'isAlone' | 'shared' | 'log'> & {
  config: Config;
  gate: Gate;
  keys: Pick<OpenedKeys, 'book'>;
};

/** Opens the batches behind the server's gate. */
export function openServerBatches({ gate, keys, ...options }: ServerBatchesOptions): OpenedBatches {
  const { workerConcurrency } = options.config;
  return openBatches({
    ...options,
    enter: (keyId, signal) => gate.enter(keyId, signal, { isLast: true }),
    async mostAtOnce(keyId) {
      const { runningAtOnce = Infinity } = (await keys.book.get(keyId)) ?? {};
      // One less than the key may have, so that there is one for everything else.
      return Math.min(workerConcurrency, Math.max(1, runningAtOnce - 1));
    },
  });
}

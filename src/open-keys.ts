import type { Config } from './config.ts';
import { createKeyBook, type KeyBook } from './keys/key-book.ts';
import { createKeyRules, type KeyRulesOptions, type ObeyKey } from './keys/key-rules.ts';
import { createKeyStore, type KeyStore } from './keys/key-store.ts';
import { toKeysFile } from './keys/keys-file.ts';
import { countByKeyRules } from './layers/with-key-rules.ts';
import { countWithinLimits } from './layers/with-limits.ts';
import { createKeyLimits, type KeyLimits } from './limits/key-limits.ts';
import { openCounters } from './limits/open-counters.ts';
import type { CountTokens } from './run.ts';

export type OpenKeysOptions = Pick<KeyRulesOptions, 'readModels'> & {
  config: Pick<Config, 'stateDir' | 'modelAliases'>;
  ownerKey: string;
  log: { error: (details: object, message: string) => void };
};

/** Everything that stands between a caller's key and a run. */
export type OpenedKeys = {
  book: KeyBook;
  store: KeyStore;
  obey: ObeyKey;
  limits: KeyLimits;
  /** Counting tokens, as far as the caller's key allows it. */
  guardCount: (countTokens: CountTokens) => CountTokens;
  removeExpired: () => Promise<void>;
  close: () => void;
};

/** Opens the keys and their counters in the state folder. */
export function openKeys({ config, ownerKey, readModels, log }: OpenKeysOptions): OpenedKeys {
  const book = createKeyBook({
    ownerKey,
    file: toKeysFile(config.stateDir),
    onProblem: (error) => log.error({ err: error }, 'the keys read last still hold'),
  });
  const obey = createKeyRules({ keys: book, modelAliases: config.modelAliases, readModels });
  const counters = openCounters(config.stateDir, log);
  const limits = createKeyLimits({
    counters,
    keys: book,
    onProblem: (error) => log.error({ err: error }, 'what a key used could not be counted'),
  });
  return {
    book,
    store: createKeyStore(toKeysFile(config.stateDir)),
    obey,
    limits,
    guardCount: (countTokens) => countByKeyRules(countWithinLimits(countTokens, limits), obey),
    removeExpired: counters.removeExpired,
    close: counters.close,
  };
}

import type { LimitsOf } from '../agent-runs/run-clock.ts';
import type { Config } from '../config.ts';
import { createSharedSignIns } from '../dashboard/sign-in/shared-sign-ins.ts';
import type { SignIns } from '../dashboard/sign-in/sign-ins.ts';
import { createKeyBook, type KeyBook } from '../keys/key-book.ts';
import { createKeyRules, type KeyRulesOptions } from '../keys/key-rules.ts';
import { createKeyStore, type KeyStore } from '../keys/key-store.ts';
import type { KeyPlace } from '../keys/key-place.ts';
import type { KeyParts } from '../layers/with-key.ts';
import { createKeyLimits, type KeyLimits } from '../limits/key-limits.ts';
import { openCounters } from '../limits/open-counters.ts';
import type { Places } from '../limits/places.ts';
import type { RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';
import type { SharedState } from '../state/shared-state.ts';

export type OpenKeysOptions = Pick<KeyRulesOptions, 'readModels'> & {
  config: Pick<Config, 'stateDir' | 'modelAliases' | 'workerLockMs'>;
  ownerKey: string;
  /** Where the further keys stand. */
  place: KeyPlace;
  /** What the servers of a cluster share. */
  shared: SharedState | undefined;
  log: Record<'error' | 'info', (details: object, message: string) => void>;
};

/** Everything that stands between a caller's key and a run. */
export type OpenedKeys = {
  book: KeyBook;
  store: KeyStore;
  limits: KeyLimits;
  /** Counts what is under way, in a cluster over all its servers. */
  places: Places;
  /** Browsers that are signed in at a cluster. */
  signIns: SignIns | undefined;
  /** What every run asks of its caller's key. */
  parts: KeyParts;
  /** What runs of agents ask of their callers' keys. */
  ofRuns: {
    /** Throws what a run of this request would, the limits aside. */
    checkRequest: (request: RunRequest) => Promise<void>;
    limitsOf: LimitsOf;
  };
  /** Whether what keys use is counted in memory, since the state folder takes nothing. */
  isCountedInMemory: () => boolean;
  removeExpired: () => Promise<void>;
  close: () => void;
};

/** Opens the keys and their counters. */
export function openKeys({
  config,
  ownerKey,
  place,
  shared,
  readModels,
  log,
}: OpenKeysOptions): OpenedKeys {
  const book = createKeyBook({
    ownerKey,
    place,
    onProblem: (error) => log.error({ err: error }, 'the keys read last still hold'),
  });
  const applyRules = createKeyRules({ modelAliases: config.modelAliases, readModels });
  const { counters, places, close } = openCounters({
    stateDir: config.stateDir,
    leaseMs: config.workerLockMs,
    shared,
    log,
  });
  const limits = createKeyLimits({
    counters,
    places,
    onProblem: (error) => log.error({ err: error }, 'what a key used could not be counted'),
  });
  return {
    book,
    store: createKeyStore(place),
    limits,
    places,
    signIns: shared && createSharedSignIns({ shared }),
    parts: { keys: book, applyRules, limits },
    ofRuns: {
      async checkRequest(request) {
        const key = await book.get(request.caller.keyId);
        if (!key) throw new RunError('unauthenticated', 'This key was revoked.');
        await applyRules(key, request);
      },
      limitsOf: async (keyId) => (await book.get(keyId)) ?? {},
    },
    isCountedInMemory: counters.isInMemory,
    removeExpired: counters.removeExpired,
    close,
  };
}

import type { KeyBook } from '../../keys/key-book.ts';
import type { KeyStore } from '../../keys/key-store.ts';
import type { KeyLimits } from '../../limits/key-limits.ts';
import type { Watch } from '../../observation/watch.ts';
import type { HealthParts } from '../health.ts';
import type { ReadKnownStatus } from '../known-status.ts';

/** What the routes under /api/admin share. */
export type AdminParts = {
  health: Omit<HealthParts, 'readCliStatus'>;
  readKnownStatus: ReadKnownStatus;
  watch: Watch;
  keyStore: KeyStore;
  limits: Pick<KeyLimits, 'readUses'>;
  keys: Pick<KeyBook, 'get' | 'named'>;
};

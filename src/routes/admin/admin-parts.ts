import type { KeyBook } from '../../keys/key-book.ts';
import type { KeyStore } from '../../keys/key-store.ts';
import type { KeyLimits } from '../../limits/key-limits.ts';
import type { Watch } from '../../observation/watch.ts';
import type { HealthParts } from '../health/health.ts';

/** What the routes under /api/admin share. */
export type AdminParts = {
  health: HealthParts;
  watch: Watch;
  keyStore: KeyStore;
  limits: Pick<KeyLimits, 'readUses'>;
  keys: Pick<KeyBook, 'get' | 'named'>;
};

import { createHash, randomBytes } from 'node:crypto';

import type { SharedState } from '../../state/shared-state.ts';
import { type SignIns, TTL_MS } from './sign-ins.ts';

export type SharedSignInsOptions = {
  shared: SharedState;
  /** How long a sign-in holds, in milliseconds. Default: 12 hours. */
  ttlMs?: number;
};

/**
 * Makes the list of browsers that are signed in at a cluster: at all its servers, and over their restarts. All throw
 * `queue-timeout` while Redis is away.
 */
export function createSharedSignIns({ shared, ttlMs = TTL_MS }: SharedSignInsOptions): SignIns {
  const { toKey, ask, encrypt, decrypt } = shared;
  // What stands in Redis is not what the browser has: who can read there cannot sign in.
  const toName = (id: string) => toKey('sign-in', createHash('sha256').update(id).digest('hex'));

  return {
    ttlMs,
    async add(key) {
      const id = randomBytes(32).toString('base64url');
      const name = toName(id);
      await ask((redis) => redis.set(name, encrypt(key, name), 'PX', ttlMs));
      return id;
    },
    async find(id) {
      const name = toName(id);
      const sealed = await ask((redis) => redis.getBuffer(name));
      return sealed ? decrypt(sealed, name) : undefined;
    },
    remove: async (id) => void (await ask((redis) => redis.del(toName(id)))),
  };
}

import { randomUUID } from 'node:crypto';

import type { SharedState } from '../state/shared-state.ts';
import { formatKeys, type KeyPlace, parseKeys } from './key-place.ts';

/** Replaces the keys if they are still those that were read. ARGV: state read, new state, keys. */
const REPLACE = `
if (redis.call('HGET', KEYS[1], 'state') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'keys', ARGV[3])
return 1
`;

/**
 * The keys of a cluster, in its Redis: what one server changes holds for all at their next look. All throw
 * `queue-timeout` while Redis is away.
 */
export function createSharedKeys({ toKey, ask, run, encrypt, decrypt }: SharedState): KeyPlace {
  const name = toKey('keys');

  const readAll = async () => {
    const [state, sealed] = await ask((redis) => redis.hmgetBuffer(name, 'state', 'keys'));
    return { state: String(state ?? ''), keys: sealed ? parseKeys(decrypt(sealed, name)) : [] };
  };

  return {
    readState: async () => (await ask((redis) => redis.hget(name, 'state'))) ?? '',
    read: async () => (await readAll()).keys,
    async change(change) {
      for (;;) {
        const { state, keys } = await readAll();
        const { keys: changed, result } = change(keys);
        const sealed = encrypt(formatKeys(changed), name);
        const isReplaced = await run(REPLACE, [name], [state, randomUUID(), sealed]);
        if (isReplaced === 1) return result;
      }
    },
  };
}

import { z } from 'zod';

import type { SharedState } from '../state/shared-state.ts';
import type { ResponseStore, StoredResponse } from './response-store.ts';

export type SharedStoreOptions = {
  shared: SharedState;
  /** How long a response is kept, in milliseconds; Redis forgets it a while later by itself. */
  ttlMs: number;
};

/** Time in which servers remove what is old themselves, in milliseconds. */
const SLACK_MS = 3_600_000;

const Stored = z.object({
  id: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  isFinished: z.boolean(),
  response: z.record(z.string(), z.unknown()),
  input: z.array(z.record(z.string(), z.unknown())),
  events: z.array(z.string()),
});

/**
 * Below the first key: `:one:ID` has a response, `:of:KEY` the order of a key's ones, `:all` that of all of them, and
 * `:open` the unfinished ones. A member of a key's order is its number, its bytes and its id, so that among equals
 * the one written last comes first.
 */
const REMOVE = `
local function remove(id)
  local one = KEYS[1] .. ':one:' .. id
  local old = redis.call('HMGET', one, 'keyId', 'member')
  if old[1] then redis.call('ZREM', KEYS[1] .. ':of:' .. old[1], old[2]) end
  redis.call('ZREM', KEYS[1] .. ':all', id)
  redis.call('SREM', KEYS[1] .. ':open', id)
  redis.call('DEL', one)
end
`;

/** ARGV: id, key, time of creation, whether it is finished, bytes, response, time to live. */
const WRITE = `${REMOVE}
local id, ttl = ARGV[1], ARGV[7]
remove(id)
local one, own, all, open =
  KEYS[1] .. ':one:' .. id, KEYS[1] .. ':of:' .. ARGV[2], KEYS[1] .. ':all', KEYS[1] .. ':open'
local number = redis.call('INCR', KEYS[1] .. ':number')
local member = string.format('%015d:%s:%s', number, ARGV[5], id)
redis.call('HSET', one, 'keyId', ARGV[2], 'member', member, 'data', ARGV[6])
redis.call('ZADD', own, ARGV[3], member)
redis.call('ZADD', all, ARGV[3], id)
if ARGV[4] == '0' then redis.call('SADD', open, id) end
for _, key in ipairs({one, own, all, open}) do redis.call('PEXPIRE', key, ttl) end
`;

const REMOVE_ONE = `${REMOVE} remove(ARGV[1])`;

const REMOVE_UNTIL = `${REMOVE}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. ':all', '-inf', ARGV[1])) do remove(id) end
`;

/** A store in the Redis of a cluster. All throw `queue-timeout` while that is away. */
export function createSharedStore({ shared, ttlMs }: SharedStoreOptions): ResponseStore {
  const { toKey, ask, run, close, open } = shared;
  const root = toKey('responses');

  const read: ResponseStore['read'] = async (id) => {
    const sealed = await ask((redis) => redis.hgetBuffer(`${root}:one:${id}`, 'data'));
    return sealed ? Stored.parse(JSON.parse(open(sealed, toPlace(id)))) : undefined;
  };
  const readAll = async (ids: readonly string[]) => {
    const found = await Promise.all(ids.map(read));
    return found.filter((one) => one !== undefined);
  };
  const listSizes = async (keyId: string, most = 0) => {
    const members = await ask((redis) => redis.zrevrange(`${root}:of:${keyId}`, 0, most - 1));
    return members.map(toSize);
  };

  return {
    read,
    async write(response) {
      const { id, keyId, createdAt, isFinished } = response;
      const data = close(JSON.stringify(response), toPlace(id));
      const values = [id, keyId, createdAt, Number(isFinished), toBytes(response), data];
      await run(WRITE, [root], [...values, ttlMs + SLACK_MS]);
    },
    remove: async (id) => void (await run(REMOVE_ONE, [root], [id])),
    listNewest: async (keyId, most) =>
      most > 0 ? readAll((await listSizes(keyId, most)).map(({ id }) => id)) : [],
    listSizes: (keyId) => listSizes(keyId),
    listUnfinished: async () => readAll(await ask((redis) => redis.smembers(`${root}:open`))),
    removeCreatedUntil: async (time) => void (await run(REMOVE_UNTIL, [root], [time])),
    close: () => Promise.resolve(), // the connection is not its own
  };
}

/** Where a response can be opened. */
function toPlace(id: string) {
  return `response ${id}`;
}

/** The member is as the script makes it. */
function toSize(member: string) {
  const [, bytes, ...id] = member.split(':');
  return { id: id.join(':'), bytes: Number(bytes) };
}

function toBytes({ response, input, events }: StoredResponse) {
  const texts = [response, input, events].map((part) => JSON.stringify(part));
  return Buffer.byteLength(texts.join(''));
}

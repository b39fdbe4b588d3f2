import type { SharedState } from './shared-state.ts';

/** A text that belongs to somebody, with what it is found by. */
export type SharedRecord = {
  id: string;
  ownerId: string;
  /** Those of an owner are listed from the highest on; among equals the one written last comes first. */
  order: number;
  /** What a list tells of it, without a colon. */
  note: string;
  /** Whether `listOpen` has it. */
  isOpen: boolean;
  text: string;
};

export type SharedRecordsOptions = {
  shared: SharedState;
  /** Names them among all that is shared. */
  name: string;
  /** How long one is kept, in milliseconds; Redis forgets it a while later by itself. */
  ttlMs: number;
};

export type SharedRecords = ReturnType<typeof createSharedRecords>;

/** Time in which servers remove what is old themselves, in milliseconds. */
const SLACK_MS = 3_600_000;

/**
 * Below the first key: `:one:ID` has a record, `:of:OWNER` the order of an owner's ones, `:all` that of all of them,
 * and `:open` the ids of the open ones. A member of an order is a number that counts up, the note, and the id.
 */
const REMOVE = `
local root = KEYS[1]
local function remove(id)
  local one = root .. ':one:' .. id
  local old = redis.call('HMGET', one, 'owner', 'member')
  if old[1] then
    redis.call('ZREM', root .. ':of:' .. old[1], old[2])
    redis.call('ZREM', root .. ':all', old[2])
  end
  redis.call('SREM', root .. ':open', id)
  redis.call('DEL', one)
end
`;

/** ARGV: id, owner, order, note, whether it is open, text, time to live. */
const WRITE = `${REMOVE}
local id = ARGV[1]
remove(id)
local one, own, all, open = root .. ':one:' .. id, root .. ':of:' .. ARGV[2], root .. ':all', root .. ':open'
local number = redis.call('INCR', root .. ':number')
local member = string.format('%015d:%s:%s', number, ARGV[4], id)
redis.call('HSET', one, 'owner', ARGV[2], 'member', member, 'data', ARGV[6])
redis.call('ZADD', own, ARGV[3], member)
redis.call('ZADD', all, ARGV[3], member)
if ARGV[5] == '1' then redis.call('SADD', open, id) end
for _, key in ipairs({one, own, all, open}) do redis.call('PEXPIRE', key, ARGV[7]) end
`;

const REMOVE_ONE = `${REMOVE} remove(ARGV[1])`;

/** ARGV: order. What is no more than a member, since Redis has forgotten the rest, goes, too. */
const REMOVE_UNTIL = `${REMOVE}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', root .. ':all', '-inf', ARGV[1])) do
  remove(string.match(member, '^[^:]*:[^:]*:(.*)$'))
  redis.call('ZREM', root .. ':all', member)
end
`;

/** Records in the Redis of a cluster, encrypted. All throw `queue-timeout` while that is away. */
export function createSharedRecords({ shared, name, ttlMs }: SharedRecordsOptions) {
  const { toKey, ask, run, close, open } = shared;
  const root = toKey(name);
  const toPlace = (id: string) => `${name} ${id}`;

  return {
    async read(id: string): Promise<string | undefined> {
      const sealed = await ask((redis) => redis.hgetBuffer(`${root}:one:${id}`, 'data'));
      return sealed ? open(sealed, toPlace(id)) : undefined;
    },
    /** Adds the record, or replaces the one with its id. */
    async write({ id, ownerId, order, note, isOpen, text }: SharedRecord): Promise<void> {
      const values = [id, ownerId, order, note, Number(isOpen), close(text, toPlace(id))];
      await run(WRITE, [root], [...values, ttlMs + SLACK_MS]);
    },
    remove: async (id: string): Promise<void> => void (await run(REMOVE_ONE, [root], [id])),
    /** An owner's, `most` at most; 0 is all of them. */
    listOf: async (ownerId: string, most: number) =>
      (await ask((redis) => redis.zrevrange(`${root}:of:${ownerId}`, 0, most - 1))).map(toListed),
    /** Those of all owners up to this order, the highest first. */
    listUntil: async (order: number) =>
      (await ask((redis) => redis.zrevrangebyscore(`${root}:all`, order, '-inf'))).map(toListed),
    listOpen: (): Promise<readonly string[]> => ask((redis) => redis.smembers(`${root}:open`)),
    removeUntil: async (order: number): Promise<void> =>
      void (await run(REMOVE_UNTIL, [root], [order])),
    count: (): Promise<number> => ask((redis) => redis.zcard(`${root}:all`)),
  };
}

/** The member is as the script makes it. */
function toListed(member: string) {
  const [, note = '', ...id] = member.split(':');
  return { id: id.join(':'), note };
}

import type { SharedState } from './shared-state.ts';

/** A text that belongs to a key, and what it is found by. */
export type SharedRecord = {
  id: string;
  ownerId: string;
  /** An owner's records are listed by this, the highest first; of equal ones the last written comes first. */
  order: number;
  /** What a list says of the record without reading it; holds no colon. */
  note: string;
  /** Whether `listOpen` has it. */
  isOpen: boolean;
  text: string;
  /** Where it stands in Redis who may write the record; what anybody else writes is left out. Default: anybody may. */
  owner?: SharedOwner | undefined;
};

/** A hash, whose field `server` names a server if it is there, and the one that asks. */
export type SharedOwner = { key: string; server: string };

export type SharedRecordsOptions = {
  shared: SharedState;
  /** Names them among all that is shared. */
  name: string;
  /** How long a record is kept, in milliseconds. An hour later Redis forgets it by itself. */
  ttlMs: number;
};

export type SharedRecords = ReturnType<typeof createSharedRecords>;

/** How much longer than its lifetime Redis keeps a record, in milliseconds: servers remove old ones before. */
const SLACK_MS = 3_600_000;

/**
 * Below the first key: `:one:ID` has a record, `:of:OWNER` the order of an owner's ones, `:all` that of all of them,
 * `:open` the ids of the open ones, and `:sum:OWNER` what the notes of an owner's ones add up to, once that was asked for.
 * A member of an order is a number that counts up, the note, and the id.
 */
const REMOVE = `
local root = KEYS[1]
local function addToSum(owner, member, sign)
  local sum = root .. ':sum:' .. owner
  local note = tonumber(string.match(member, '^[^:]*:([^:]*):'))
  if note and redis.call('EXISTS', sum) == 1 then redis.call('INCRBY', sum, sign * note) end
end
local function remove(id)
  local one = root .. ':one:' .. id
  local old = redis.call('HMGET', one, 'owner', 'member')
  if old[1] then
    addToSum(old[1], old[2], -1)
    redis.call('ZREM', root .. ':of:' .. old[1], old[2])
    redis.call('ZREM', root .. ':all', old[2])
  end
  redis.call('SREM', root .. ':open', id)
  redis.call('DEL', one)
end
`;

/** ARGV: id, owner, order, note, whether it is open, text, time to live, server. The second key names the only writer. */
const WRITE = `${REMOVE}
local id = ARGV[1]
local writer = redis.call('HGET', KEYS[2], 'server')
if writer and writer ~= ARGV[8] then return end
remove(id)
local one, own, all, open = root .. ':one:' .. id, root .. ':of:' .. ARGV[2], root .. ':all', root .. ':open'
local number = redis.call('INCR', root .. ':number')
local member = string.format('%015d:%s:%s', number, ARGV[4], id)
redis.call('HSET', one, 'owner', ARGV[2], 'member', member, 'data', ARGV[6])
redis.call('ZADD', own, ARGV[3], member)
addToSum(ARGV[2], member, 1)
redis.call('ZADD', all, ARGV[3], member)
if ARGV[5] == '1' then redis.call('SADD', open, id) end
for _, key in ipairs({one, own, all, open}) do redis.call('PEXPIRE', key, ARGV[7]) end
`;

const REMOVE_ONE = `${REMOVE} remove(ARGV[1])`;

/**
 * Keeps of some members those whose records are there still. Redis forgets records by itself when no server has
 * removed them in time, and they are taken out of the order then, too. The first key is followed by the order's, and by
 * the sum's, if there is one: they are counted in it still, so it is forgotten.
 */
const KEEP_KNOWN = `
local function keepKnown(members)
  local known = {}
  for _, member in ipairs(members) do
    local id = string.match(member, '^[^:]*:[^:]*:(.*)$')
    if redis.call('EXISTS', KEYS[1] .. ':one:' .. id) == 1 then table.insert(known, member)
    else
      redis.call('ZREM', KEYS[2], member)
      if KEYS[3] then redis.call('DEL', KEYS[3]) end
    end
  end
  return known
end
`;

/**
 * The keys are the first, an owner's order and the sum. ARGV: most, the most that their notes may be together, time to
 * live. Only the oldest are looked at, unless the sum is not known, or Redis has forgotten some by itself.
 */
const LIST_BEYOND = `${KEEP_KNOWN}
local function noteOf(member) return tonumber(string.match(member, '^[^:]*:([^:]*):')) end
local sum = tonumber(redis.call('GET', KEYS[3]) or '')
local function pick()
  local count, left, found, from = redis.call('ZCARD', KEYS[2]), sum, {}, 0
  while count > 1 and (count > tonumber(ARGV[1]) or left > tonumber(ARGV[2])) do
    local member = redis.call('ZRANGE', KEYS[2], from, from)[1]
    if #keepKnown({member}) == 0 then return nil end
    table.insert(found, member)
    count, left, from = count - 1, left - noteOf(member), from + 1
  end
  return found
end
local picked = sum and pick()
if picked then return picked end
sum = 0
for _, member in ipairs(keepKnown(redis.call('ZRANGE', KEYS[2], 0, -1))) do sum = sum + noteOf(member) end
redis.call('SET', KEYS[3], string.format('%d', sum), 'PX', ARGV[3])
return pick()
`;

const LIST_OPEN = `
local open, known = KEYS[1] .. ':open', {}
for _, id in ipairs(redis.call('SMEMBERS', open)) do
  if redis.call('EXISTS', KEYS[1] .. ':one:' .. id) == 1 then table.insert(known, id)
  else redis.call('SREM', open, id) end
end
return known
`;

/** ARGV: how many, where 0 is all of them. */
const LIST_OF = `${KEEP_KNOWN}
return keepKnown(redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1] - 1))
`;

/** ARGV: order. */
const LIST_UNTIL = `${KEEP_KNOWN}
return keepKnown(redis.call('ZREVRANGEBYSCORE', KEYS[2], ARGV[1], '-inf'))
`;

/** ARGV: order. */
const REMOVE_UNTIL = `${REMOVE}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', root .. ':all', '-inf', ARGV[1])) do
  remove(string.match(member, '^[^:]*:[^:]*:(.*)$'))
  redis.call('ZREM', root .. ':all', member)
end
`;

/** Records in the Redis of a cluster, encrypted. All throw `queue-timeout` while that is away. */
export function createSharedRecords({ shared, name, ttlMs }: SharedRecordsOptions) {
  const { toKey, ask, run, encrypt, decrypt } = shared;
  const root = toKey(name);
  const toPlace = (id: string) => `${name} ${id}`;
  const toOwned = (ownerId: string) => [root, `${root}:of:${ownerId}`, `${root}:sum:${ownerId}`];

  return {
    async read(id: string): Promise<string | undefined> {
      const sealed = await ask((redis) => redis.hgetBuffer(`${root}:one:${id}`, 'data'));
      return sealed ? decrypt(sealed, toPlace(id)) : undefined;
    },
    /** Adds the record, or replaces the one with its id. */
    async write({ id, ownerId, order, note, isOpen, text, owner }: SharedRecord): Promise<void> {
      const values = [id, ownerId, order, note, Number(isOpen), encrypt(text, toPlace(id))];
      const { key = toKey('nobody'), server = '' } = owner ?? {};
      await run(WRITE, [root, key], [...values, ttlMs + SLACK_MS, server]);
    },
    remove: async (id: string): Promise<void> => void (await run(REMOVE_ONE, [root], [id])),
    /** An owner's records, `most` at most; 0 lists all of them. */
    listOf: async (ownerId: string, most: number) =>
      toListed(await run(LIST_OF, toOwned(ownerId), [most])),
    /**
     * The ids of an owner's lowest records that are too many, or whose notes are too much together with those of the
     * others; never the highest one. All notes are numbers.
     */
    listBeyond: async (ownerId: string, most: { count: number; sum: number }) => {
      const values = [most.count, most.sum, ttlMs + SLACK_MS];
      return toListed(await run(LIST_BEYOND, toOwned(ownerId), values)).map(({ id }) => id);
    },
    /** The records of all owners up to this order, the highest first. */
    listUntil: async (order: number) =>
      toListed(await run(LIST_UNTIL, [root, `${root}:all`], [order])),
    listOpen: async () => (await run(LIST_OPEN, [root])) as readonly string[], // as it returns
    removeUntil: async (order: number): Promise<void> =>
      void (await run(REMOVE_UNTIL, [root], [order])),
    count: (): Promise<number> => ask((redis) => redis.zcard(`${root}:all`)),
  };
}

/** Reads records whose texts are JSON of a shape. */
export function createJsonReader<Value>(
  records: Pick<SharedRecords, 'read'>,
  shape: { parse: (value: unknown) => Value },
) {
  const read = async (id: string): Promise<Value | undefined> => {
    const text = await records.read(id);
    return text === undefined ? undefined : shape.parse(JSON.parse(text));
  };
  /** Those that are there still, in this order. */
  const readAll = async (ids: readonly string[]): Promise<readonly Value[]> => {
    const found = await Promise.all(ids.map(read));
    return found.filter((one) => one !== undefined);
  };
  return { read, readAll };
}

/** What the scripts list; a member is as they make it. */
function toListed(members: unknown) {
  return (members as readonly string[]).map((member) => {
    const [, note = '', ...id] = member.split(':');
    return { id: id.join(':'), note };
  });
}

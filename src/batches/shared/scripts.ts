/**
 * What has to happen at one blow, in Lua. Below the first key: `:one:ID` has a batch, `:asked:ID` its requests by number,
 * `:waiting:ID` the numbers of those without an answer, `:begun:ID` how often one of these was begun and not left,
 * `:line:ID` the answers, `:done:ID:OUTCOME` their numbers;
 * `:of:OWNER:API` a key's batches by number, `:unfinished` those of all keys, `:ended` when the others ended.
 *
 * Fencing: the second key names who carries batches out. What a server does that wants to be it, its name the first
 * value, is refused when it is not, or not any more; what only reads gives no name.
 */
const SHARED = `
local root = KEYS[1]
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then return redis.error_reply('NOTLEAD Another server carries the batches out') end
local OUTCOMES = {'succeeded', 'errored', 'cancelled', 'expired'}
local function one(id) return root .. ':one:' .. id end
local function field(id, name) return redis.call('HGET', one(id), name) end
local function exists(id) return redis.call('EXISTS', one(id)) == 1 end
local function number(id, name) return tonumber(field(id, name) or '0') end
local function each(id, act)
  for _, name in ipairs({'one', 'asked', 'waiting', 'begun', 'line'}) do act(root .. ':' .. name .. ':' .. id) end
  for _, outcome in ipairs(OUTCOMES) do act(root .. ':done:' .. id .. ':' .. outcome) end
end
local function touch(id, ttl) each(id, function(key) redis.call('PEXPIRE', key, ttl) end) end
-- Those of a list that are there still: Redis forgets by itself what no server has removed in time.
local function keepKnown(list, ids)
  local known = {}
  for _, id in ipairs(ids) do
    if exists(id) then table.insert(known, id) else redis.call('ZREM', list, id) end
  end
  return known
end
local function listOf(owner)
  local all = {}
  for _, api in ipairs({'openai', 'anthropic'}) do
    local list = root .. ':of:' .. owner .. ':' .. api
    for _, id in ipairs(keepKnown(list, redis.call('ZRANGE', list, 0, -1))) do table.insert(all, id) end
  end
  return all
end
`;

/** ARGV: lead, id, owner, api, created, expires, base, bytes, ttl. */
export const ADD = `${SHARED}
local id, ttl = ARGV[2], ARGV[9]
local list = root .. ':of:' .. ARGV[3] .. ':' .. ARGV[4]
local place = redis.call('INCR', root .. ':number')
redis.call('HSET', one(id), 'keyId', ARGV[3], 'api', ARGV[4], 'state', 'filling', 'createdAt', ARGV[5],
  'expiresAt', ARGV[6], 'base', ARGV[7], 'bytes', ARGV[8], 'total', 0)
for _, outcome in ipairs(OUTCOMES) do redis.call('HSET', one(id), outcome, 0) end
redis.call('ZADD', list, place, id)
redis.call('ZADD', root .. ':unfinished', place, id)
redis.call('PEXPIRE', list, ttl)
redis.call('PEXPIRE', root .. ':unfinished', ttl)
touch(id, ttl)
`;

/** ARGV: lead, id, when. */
export const BEGIN = `${SHARED}
if field(ARGV[2], 'state') == 'filling' then redis.call('HSET', one(ARGV[2]), 'state', 'running', 'startedAt', ARGV[3]) end
`;

/** ARGV: lead, id, when. */
export const CANCEL = `${SHARED}
local id = ARGV[2]
if exists(id) and not field(id, 'endedAt') and not field(id, 'cancelledAt') then
  redis.call('HSET', one(id), 'state', 'cancelling', 'cancelledAt', ARGV[3])
end
`;

/** ARGV: lead, id, state, when, ending, ttl. */
export const END = `${SHARED}
local id = ARGV[2]
if not exists(id) or field(id, 'endedAt') then return end
redis.call('HSET', one(id), 'state', ARGV[3], 'endedAt', ARGV[4], 'ending', ARGV[5])
redis.call('ZREM', root .. ':unfinished', id)
redis.call('ZADD', root .. ':ended', ARGV[4], id)
redis.call('PEXPIRE', root .. ':ended', ARGV[6])
touch(id, ARGV[6])
`;

/** ARGV: lead, id. */
export const REMOVE = `${SHARED}
local id = ARGV[2]
if exists(id) then redis.call('ZREM', root .. ':of:' .. field(id, 'keyId') .. ':' .. field(id, 'api'), id) end
redis.call('ZREM', root .. ':unfinished', id)
redis.call('ZREM', root .. ':ended', id)
each(id, function(key) redis.call('DEL', key) end)
`;

/** ARGV: lead, owner, api, after (or empty), before (or empty), most. Returns ids, the newest first. */
export const LIST = `${SHARED}
local list = root .. ':of:' .. ARGV[2] .. ':' .. ARGV[3]
keepKnown(list, redis.call('ZRANGE', list, 0, -1))
local other = ARGV[4] ~= '' and ARGV[4] or ARGV[5]
local place = other ~= '' and redis.call('ZSCORE', list, other)
if other ~= '' and not place then return {} end
if ARGV[5] ~= '' then
  local found = redis.call('ZRANGEBYSCORE', list, '(' .. place, '+inf', 'LIMIT', 0, ARGV[6])
  local newest = {}
  for index = #found, 1, -1 do table.insert(newest, found[index]) end
  return newest
end
return redis.call('ZREVRANGEBYSCORE', list, place and '(' .. place or '+inf', '-inf', 'LIMIT', 0, ARGV[6])
`;

/** ARGV: lead. Returns ids, the oldest first. */
export const LIST_UNFINISHED = `${SHARED}
return keepKnown(root .. ':unfinished', redis.call('ZRANGE', root .. ':unfinished', 0, -1))
`;

/** ARGV: lead, time. Returns some ids. */
export const LIST_ENDED_UNTIL = `${SHARED}
local found = redis.call('ZRANGEBYSCORE', root .. ':ended', '-inf', ARGV[2], 'LIMIT', 0, 100)
return keepKnown(root .. ':ended', found)
`;

/** ARGV: lead, owner, spared. Returns an id. */
export const FIND_OLDEST_ENDED = `${SHARED}
local oldest, oldestAt
for _, id in ipairs(listOf(ARGV[2])) do
  local endedAt = tonumber(field(id, 'endedAt') or '')
  if endedAt and id ~= ARGV[3] and (not oldestAt or endedAt < oldestAt) then oldest, oldestAt = id, endedAt end
end
return oldest
`;

/** ARGV: lead, owner. Returns how many bytes they take, and how many requests have no answer. */
export const SUM = `${SHARED}
local bytes, waiting = 0, 0
for _, id in ipairs(listOf(ARGV[2])) do
  bytes = bytes + number(id, 'bytes')
  if not field(id, 'endedAt') then
    waiting = waiting + number(id, 'total')
    for _, outcome in ipairs(OUTCOMES) do waiting = waiting - number(id, outcome) end
  end
end
return {bytes, waiting}
`;

/** ARGV: lead, id, ttl, then a number and a request in turn. One that is there already is not added again. */
export const ADD_ITEMS = `${SHARED}
local id = ARGV[2]
if not exists(id) then return end
for index = 4, #ARGV, 2 do
  if redis.call('HSETNX', root .. ':asked:' .. id, ARGV[index], ARGV[index + 1]) == 1 then
    redis.call('ZADD', root .. ':waiting:' .. id, ARGV[index], ARGV[index])
    redis.call('HINCRBY', one(id), 'total', 1)
    redis.call('HINCRBY', one(id), 'bytes', #ARGV[index + 1])
  end
end
touch(id, ARGV[3])
`;

/** ARGV: lead, id, number, ttl. */
export const BEGIN_ITEM = `${SHARED}
if redis.call('HEXISTS', root .. ':asked:' .. ARGV[2], ARGV[3]) == 0 then return end
redis.call('HINCRBY', root .. ':begun:' .. ARGV[2], ARGV[3], 1)
redis.call('PEXPIRE', root .. ':begun:' .. ARGV[2], ARGV[4])
`;

/** ARGV: lead, id, number. */
export const LEAVE_ITEM = `${SHARED} redis.call('HDEL', root .. ':begun:' .. ARGV[2], ARGV[3])`;

/** ARGV: lead, id. */
export const RESET_TOTAL = `${SHARED}
if exists(ARGV[2]) then redis.call('HSET', one(ARGV[2]), 'total', 0) end
`;

/** ARGV: lead, id, ttl, then a number, an outcome, a line and its length in turn. The first word on each counts. */
export const SETTLE = `${SHARED}
local id = ARGV[2]
if not exists(id) then return end
for index = 4, #ARGV, 4 do
  local place, outcome, line = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if redis.call('ZREM', root .. ':waiting:' .. id, place) == 1 then
    local asked = redis.call('HSTRLEN', root .. ':asked:' .. id, place)
    redis.call('HDEL', root .. ':asked:' .. id, place)
    redis.call('HDEL', root .. ':begun:' .. id, place)
    redis.call('HSET', root .. ':line:' .. id, place, line)
    redis.call('ZADD', root .. ':done:' .. id .. ':' .. outcome, place, place)
    redis.call('HINCRBY', one(id), outcome, 1)
    redis.call('HINCRBY', one(id), 'bytes', #line - asked)
    redis.call('HINCRBY', one(id), 'length:' .. outcome, ARGV[index + 3])
  end
end
touch(id, ARGV[3])
`;

/**
 * ARGV: lead, id, most, how much longer a line is here than by itself, outcomes (none for all requests, answered or
 * not). Returns how many were removed.
 */
export const REMOVE_SOME = `${SHARED}
local id, most, more = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local removed = 0
local function drop(texts, list, outcome)
  for _, place in ipairs(redis.call('ZRANGE', list, 0, most - removed - 1)) do
    local length = redis.call('HSTRLEN', texts, place)
    redis.call('HDEL', texts, place)
    redis.call('ZREM', list, place)
    if exists(id) then redis.call('HINCRBY', one(id), 'bytes', -length) end
    if outcome and exists(id) then redis.call('HINCRBY', one(id), 'length:' .. outcome, more - length - 1) end
    removed = removed + 1
  end
end
if #ARGV == 4 then drop(root .. ':asked:' .. id, root .. ':waiting:' .. id) end
local outcomes = {}
for index = 5, #ARGV do table.insert(outcomes, ARGV[index]) end
for _, outcome in ipairs(#ARGV == 4 and OUTCOMES or outcomes) do
  if removed < most then drop(root .. ':line:' .. id, root .. ':done:' .. id .. ':' .. outcome, outcome) end
end
return removed
`;

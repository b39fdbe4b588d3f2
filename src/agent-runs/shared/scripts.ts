/**
 * What has to happen at one blow, in Lua. Below the first key: `:one:ID` has a run, `:events:ID` its events, `:of:OWNER`
 * a key's runs by number, `:unread:OWNER` those that go on whoever reads them and have not ended, `:at:SERVER` the
 * unfinished ones of a server, `:servers` the servers of these, `:ended` when the others ended, `:inputs:ID` what a
 * run has asked for, `:input:ID` one of these, `:asked:OWNER` those without an answer, and `:ended-bytes:OWNER` how large
 * the ended runs of a key are together, once it was counted.
 *
 * A worker that begins a run notes the state in `:one:ID` (src/cluster/scripts.ts), and reads there whose it is.
 *
 * Fencing: what a server says of a run that has ended, or is another server's, is left out in the same step.
 */
export const SHARED = `
local root = KEYS[1]
local function one(id) return root .. ':one:' .. id end
local function field(id, name) return redis.call('HGET', one(id), name) end
local function exists(id) return redis.call('EXISTS', one(id)) == 1 end
local function isOwn(id, server)
  return field(id, 'server') == server and not field(id, 'endedAt')
end
local function isPutOff(id)
  return field(id, 'background') == '1' and field(id, 'state') == 'queued'
end
local function touch(id, ttl)
  for _, name in ipairs({'one', 'events', 'inputs'}) do
    redis.call('PEXPIRE', root .. ':' .. name .. ':' .. id, ttl)
  end
end
local function leaveServer(id)
  local server = field(id, 'server')
  redis.call('SREM', root .. ':at:' .. server, id)
  if redis.call('EXISTS', root .. ':at:' .. server) == 0 then redis.call('SREM', root .. ':servers', server) end
end
local function join(id, server, ttl)
  redis.call('HSET', one(id), 'server', server)
  redis.call('SADD', root .. ':at:' .. server, id)
  redis.call('SADD', root .. ':servers', server)
  redis.call('PEXPIRE', root .. ':at:' .. server, ttl)
  redis.call('PEXPIRE', root .. ':servers', ttl)
end
local function addToEnded(id, sign)
  local sum = root .. ':ended-bytes:' .. field(id, 'owner')
  if redis.call('EXISTS', sum) == 1 then redis.call('INCRBY', sum, sign * field(id, 'bytes')) end
end
local function finish(id, state, endedAt, ttl)
  leaveServer(id)
  addToEnded(id, 1)
  redis.call('SREM', root .. ':unread:' .. field(id, 'owner'), id)
  redis.call('HSET', one(id), 'state', state, 'endedAt', endedAt)
  redis.call('ZADD', root .. ':ended', endedAt, id)
  redis.call('PEXPIRE', root .. ':ended', ttl)
  touch(id, ttl)
end
local function withdraw(id)
  for _, input in ipairs(redis.call('SMEMBERS', root .. ':inputs:' .. id)) do
    local key = root .. ':input:' .. input
    if redis.call('HEXISTS', key, 'answer') == 0 then redis.call('HSET', key, 'withdrawn', 1) end
    redis.call('ZREM', root .. ':asked:' .. field(id, 'owner'), input)
  end
end
local function remove(id)
  if exists(id) then
    if field(id, 'endedAt') then addToEnded(id, -1) end
    withdraw(id)
    leaveServer(id)
    redis.call('SREM', root .. ':unread:' .. field(id, 'owner'), id)
    redis.call('ZREM', root .. ':of:' .. field(id, 'owner'), id)
  end
  for _, input in ipairs(redis.call('SMEMBERS', root .. ':inputs:' .. id)) do
    redis.call('DEL', root .. ':input:' .. input)
  end
  redis.call('ZREM', root .. ':ended', id)
  redis.call('DEL', one(id), root .. ':events:' .. id, root .. ':inputs:' .. id)
end
-- Adds events: each is an id, a type and a text. Those that are there already are not added again.
local function addEvents(id, first)
  for index = first, #ARGV, 3 do
    local added = redis.pcall('XADD', root .. ':events:' .. id, ARGV[index] .. '-0', 'type', ARGV[index + 1],
      'data', ARGV[index + 2])
    if not added.err then redis.call('HINCRBY', one(id), 'bytes', #ARGV[index + 2])
    elseif not string.find(added.err, 'equal or smaller') then return added end
  end
end
-- What was found for this token, now or when its answer was lost.
local function answer(token, found)
  local answered = root .. ':answer:' .. token
  for _, id in ipairs(found) do redis.call('SADD', answered, id) end
  redis.call('PEXPIRE', answered, 3600000)
  return redis.call('SMEMBERS', answered)
end
-- The unfinished runs of these servers that are there still.
local function listAt(first)
  local found = {}
  for index = first, #ARGV do
    local at = root .. ':at:' .. ARGV[index]
    for _, id in ipairs(redis.call('SMEMBERS', at)) do
      if exists(id) then table.insert(found, id) else redis.call('SREM', at, id) end
    end
    if redis.call('EXISTS', at) == 0 then redis.call('SREM', root .. ':servers', ARGV[index]) end
  end
  return found
end
`;

/** ARGV: id, owner, server, whether it is unread, in the background, when it was created, base, begun, most unread (or -1), ttl. */
export const ADD = `${SHARED}
local id, owner, ttl = ARGV[1], ARGV[2], ARGV[10]
if exists(id) then return 'known' end
local unread = root .. ':unread:' .. owner
if tonumber(ARGV[9]) >= 0 then
  for _, other in ipairs(redis.call('SMEMBERS', unread)) do
    if not exists(other) then redis.call('SREM', unread, other) end
  end
  if redis.call('SCARD', unread) >= tonumber(ARGV[9]) then return 'full' end
end
local number = redis.call('INCR', root .. ':number')
redis.call('HSET', one(id), 'owner', owner, 'number', number, 'state', 'queued', 'background', ARGV[5],
  'createdAt', ARGV[6], 'base', ARGV[7], 'begun', ARGV[8], 'bytes', #ARGV[7])
join(id, ARGV[3], ttl)
redis.call('ZADD', root .. ':of:' .. owner, number, id)
redis.call('PEXPIRE', root .. ':of:' .. owner, ttl)
if ARGV[4] == '1' then
  redis.call('SADD', unread, id)
  redis.call('PEXPIRE', unread, ttl)
end
touch(id, ttl)
return 'added'
`;

/** ARGV: id, server, state, begun (or empty), the session's name (or empty), ttl. */
export const SET_STATE = `${SHARED}
local id = ARGV[1]
if not isOwn(id, ARGV[2]) then return end
redis.call('HSET', one(id), 'state', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', one(id), 'begun', ARGV[4], 'session', ARGV[5]) end
touch(id, ARGV[6])
`;

/** ARGV: id, server, ttl, events. */
export const ADD_EVENTS = `${SHARED}
if not isOwn(ARGV[1], ARGV[2]) then return end
local failed = addEvents(ARGV[1], 4)
touch(ARGV[1], ARGV[3])
return failed
`;

/** ARGV: id, server, state, when, ending, ttl, events. Returns whether it was this that ended it; to do it again changes nothing. */
export const END = `${SHARED}
local id = ARGV[1]
if field(id, 'endedBy') == ARGV[2] then return 1 end
if not isOwn(id, ARGV[2]) then return 0 end
local failed = addEvents(id, 7)
if failed then return failed end
redis.call('HSET', one(id), 'ending', ARGV[5], 'endedBy', ARGV[2])
redis.call('HINCRBY', one(id), 'bytes', #ARGV[5])
finish(id, ARGV[3], ARGV[4], ARGV[6])
return 1
`;

/** ARGV: owner, state (or empty), the session's name (or empty), before (or empty), most. Returns ids, the newest first. */
export const LIST = `${SHARED}
local own = root .. ':of:' .. ARGV[1]
local last = '+inf'
if ARGV[4] ~= '' then
  local number = redis.call('ZSCORE', own, ARGV[4])
  if not number then return {} end
  last = '(' .. number
end
local found = {}
for _, id in ipairs(redis.call('ZREVRANGEBYSCORE', own, last, '-inf')) do
  if #found >= tonumber(ARGV[5]) then break end
  if not exists(id) then
    redis.call('ZREM', own, id)
    redis.call('DEL', root .. ':ended-bytes:' .. ARGV[1])
  elseif (ARGV[2] == '' or field(id, 'state') == ARGV[2]) and (ARGV[3] == '' or field(id, 'session') == ARGV[3]) then
    table.insert(found, id)
  end
end
return found
`;

/**
 * ARGV: owner, most bytes, ttl. Returns ids. Only the oldest runs are looked at, and all of them only when it is not known
 * how large they are: Redis forgets runs by itself, and they are counted still then.
 */
export const LIST_BEYOND = `${SHARED}
local own, sum, most = root .. ':of:' .. ARGV[1], root .. ':ended-bytes:' .. ARGV[1], tonumber(ARGV[2])
local bytes = tonumber(redis.call('GET', sum) or '')
local function count()
  bytes = 0
  for _, id in ipairs(redis.call('ZRANGE', own, 0, -1)) do
    if not exists(id) then redis.call('ZREM', own, id)
    elseif field(id, 'endedAt') then bytes = bytes + field(id, 'bytes') end
  end
  redis.call('SET', sum, string.format('%d', bytes), 'PX', ARGV[3])
end
local function pick()
  local left, found, from = bytes, {}, 0
  while left > most do
    local page = redis.call('ZRANGE', own, from, from + 99)
    if #page == 0 then return found end
    from = from + #page
    for _, id in ipairs(page) do
      if not exists(id) then return nil end
      if left > most and field(id, 'endedAt') then
        left = left - field(id, 'bytes')
        table.insert(found, id)
      end
    end
  end
  return found
end
local picked = bytes and pick()
if picked then return picked end
count()
return pick()
`;

/** ARGV: id, type. Returns the ids of these events. */
export const LIST_EVENTS_OF = `
local found = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1] .. ':events:' .. ARGV[1], '-', '+')) do
  if entry[2][2] == ARGV[2] then table.insert(found, entry[1]) end
end
return found
`;

/** ARGV: id, dollars, the charge's id. To do it again changes nothing. */
export const CHARGE = `${SHARED}
if exists(ARGV[1]) and redis.call('HSETNX', one(ARGV[1]), 'charge:' .. ARGV[3], 1) == 1 then
  redis.call('HINCRBYFLOAT', one(ARGV[1]), 'costUsd', ARGV[2])
end
`;

/** ARGV: id. */
export const REMOVE = `${SHARED} remove(ARGV[1])`;

/** ARGV: time. */
export const REMOVE_ENDED_UNTIL = `${SHARED}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', root .. ':ended', '-inf', ARGV[1])) do remove(id) end
`;

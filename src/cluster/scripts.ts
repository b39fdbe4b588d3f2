import { LAST_PRIORITY, LEFT_MS } from './names.ts';

/**
 * What has to happen at one blow, in Lua. A run's hash has `state` (waiting, running, ended), `attempt`,
 * which every taking over raises, `worker`, `front`, `key`, `kind`, `begun` (its caller has heard something),
 * `reruns`, `seq`, `sent` and `read` (bytes of its events), and what SUBMIT answered. The first key is always the run's.
 * An agent's run may be on `record`, too: a hash of the fronts' own that says at which of them it is (`server`), and
 * outlives that one.
 *
 * Fencing: `append` compares the attempt in the same step in which it appends, so that a worker that comes
 * back from a freeze says nothing more for a run that went elsewhere. `claim` looks at the record, and notes there that
 * the run has begun, so that a front that takes it over knows this, and no worker begins it for the former one.
 */

const SHARED = `
local function field(name) return redis.call('HGET', KEYS[1], name) end
local function tell(prefix, ...)
  local stream = prefix .. ':front:' .. field('front') .. ':events'
  redis.call('XADD', stream, '*', 'run', field('id'), ...)
  redis.call('PEXPIRE', stream, ${LEFT_MS}, 'NX') -- its front, if it lives, moves that on
end
local function leftUntil()
  return redis.call('TIME')[1] * 1000 + ${LEFT_MS}
end
local function leave(prefix)
  redis.call('ZREM', prefix .. ':waiting', field('id'))
  redis.call('ZREM', prefix .. ':waiting:' .. field('key'), field('id'))
  redis.call('ZREM', prefix .. ':running', field('id'))
end
local function finish(prefix, ttl)
  leave(prefix)
  redis.call('HSET', KEYS[1], 'state', 'ended')
  redis.call('DEL', KEYS[1] .. ':request')
  redis.call('PEXPIRE', KEYS[1], ttl)
end
-- Whether the front that asked for it may have it begun still; if so, it has begun from here on.
local function begin()
  local record = field('record')
  if not record or redis.call('EXISTS', record) == 0 then return true end
  local server, endedAt = unpack(redis.call('HMGET', record, 'server', 'endedAt'))
  if server ~= field('front') or endedAt then return false end
  redis.call('HSET', record, 'state', 'running')
  return true
end
local function isLost(prefix)
  return redis.call('EXISTS', prefix .. ':worker:' .. field('worker')) == 0
end
-- What becomes of a running run without its worker: 'again', or why it ends.
local function recover(prefix, ttl)
  local reason = field('kind') == 'agent' and 'interrupted'
    or field('begun') == '1' and 'lost'
    or tonumber(field('reruns')) > 0 and 'lost-again'
  if reason then
    tell(prefix, 'kind', 'lost', 'reason', reason)
    finish(prefix, ttl)
    return reason
  end
  redis.call('HINCRBY', KEYS[1], 'reruns', 1)
  redis.call('HINCRBY', KEYS[1], 'attempt', 1)
  redis.call('HSET', KEYS[1], 'state', 'waiting', 'worker', '')
  redis.call('ZREM', prefix .. ':running', field('id'))
  return 'again'
end
`;

/** Ends a run of which nothing more is wanted; returns its worker. ARGV: prefix, ttl. */
const CANCEL = `${SHARED}
if not field('state') or field('state') == 'ended' then return '' end
local worker = field('worker')
finish(ARGV[1], ARGV[2])
if worker ~= '' then redis.call('PUBLISH', ARGV[1] .. ':to-worker:' .. worker, 'cancel ' .. field('id')) end
return worker
`;

/**
 * ARGV: prefix, worker, ttl, whether it is known who is lost, token. Returns what it is to the worker, and the attempt.
 * The same token is the same call, sent again since its answer was lost with the connection. What a lost front asked for
 * is passed over: begun, it would count as interrupted, and not go on at another front.
 */
const CLAIM = `${SHARED}
local state = field('state')
if not state or state == 'ended' then return {'gone', 0} end
if state == 'running' then
  if field('claim') == ARGV[5] then return {'yours', tonumber(field('attempt')), field('front')} end
  if ARGV[4] ~= '1' or not isLost(ARGV[1]) then return {'held', 0} end
  local verdict = recover(ARGV[1], ARGV[3])
  if verdict ~= 'again' then return {'gone', 0} end
end
if ARGV[4] == '1' and redis.call('EXISTS', ARGV[1] .. ':front:' .. field('front')) == 0 then
  redis.call('HSET', KEYS[1], 'passedOver', 1)
  return {'gone', 0}
end
if not begin() then
  tell(ARGV[1], 'kind', 'lost', 'reason', 'elsewhere')
  finish(ARGV[1], ARGV[3])
  return {'gone', 0}
end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'state', 'running', 'worker', ARGV[2], 'claim', ARGV[5], 'seq', 0, 'sent', 0, 'read', 0)
leave(ARGV[1])
redis.call('ZADD', ARGV[1] .. ':running', leftUntil(), field('id'))
local turn = tonumber(field('turn'))
if turn > tonumber(redis.call('HGET', ARGV[1] .. ':turns', 'now') or 0) then
  redis.call('HSET', ARGV[1] .. ':turns', 'now', turn)
end
tell(ARGV[1], 'kind', 'claimed', 'worker', ARGV[2], 'attempt', attempt)
return {'yours', attempt, field('front')}
`;

/**
 * ARGV: prefix, attempt, seq, begun, ended, bytes, data, ttl. A seq that was there is not appended again, and none is
 * without the one before it, which may have failed.
 */
const APPEND = `${SHARED}
if field('state') ~= 'running' then return {'fenced', 0} end
if field('attempt') ~= ARGV[2] then return {'fenced', 0} end
local missing = tonumber(ARGV[3]) - tonumber(field('seq'))
if missing > 1 then return {'fenced', 0} end
if missing == 1 then
  redis.call('HSET', KEYS[1], 'seq', ARGV[3])
  if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'begun', 1) end
  redis.call('HINCRBY', KEYS[1], 'sent', ARGV[6])
  tell(ARGV[1], 'kind', 'events', 'attempt', ARGV[2], 'seq', ARGV[3], 'data', ARGV[7])
end
local ahead = tonumber(field('sent')) - tonumber(field('read'))
if ARGV[5] == '1' then finish(ARGV[1], ARGV[8]) end
return {'ok', ahead}
`;

/**
 * A worker cannot say more: ends the run, and its front hears why. ARGV: prefix, attempt, ttl, reason. It
 * deletes first, as Redis refuses with a full memory only scripts that write before they have deleted.
 */
const ABANDON = `${SHARED}
if field('state') ~= 'running' or field('attempt') ~= ARGV[2] then return end
finish(ARGV[1], ARGV[3])
tell(ARGV[1], 'kind', 'lost', 'reason', ARGV[4])
`;

/**
 * For a front: what became of its run; `again` is one to be offered anew. ARGV: prefix, ttl of an ended one, ttl of a live
 * one.
 */
const RECOVER = `${SHARED}
local state = field('state')
if not state then return {'gone', 0} end
if state ~= 'ended' then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[1] .. ':request', ARGV[3])
  redis.call('ZADD', ARGV[1] .. ':running', 'XX', leftUntil(), field('id'))
end
if state == 'waiting' and redis.call('HDEL', KEYS[1], 'passedOver') == 1 then
  return {'again', redis.call('HINCRBY', KEYS[1], 'attempt', 1)}
end
if state ~= 'running' or not isLost(ARGV[1]) then return {state, 0} end
return {recover(ARGV[1], ARGV[2]), field('attempt')}
`;

/** A worker that leaves hands a run back; to do it again changes nothing. ARGV: prefix, attempt. */
const HAND_BACK = `${SHARED}
if field('state') == 'waiting' and tonumber(field('attempt')) == ARGV[2] + 1 then return {'again', ARGV[2] + 1} end
if field('state') ~= 'running' or field('attempt') ~= ARGV[2] then return {'fenced', 0} end
if field('kind') == 'agent' or field('begun') == '1' then return {'kept', 0} end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'state', 'waiting', 'worker', '')
redis.call('ZREM', ARGV[1] .. ':running', field('id'))
return {'again', attempt}
`;

/** A front has read this many bytes more. ARGV: bytes. Returns the worker. */
const READ = `${SHARED}
if not field('state') then return '' end
redis.call('HINCRBY', KEYS[1], 'read', ARGV[1])
return field('worker')
`;

/**
 * Puts a run on record and gives it its turn. ARGV: prefix, id, front, key, kind, wait in ms (0: as long as
 * it takes), longest queue, free places, ttl, request, record (or ''), workers that may have it, those of them that have
 * a free place, the best first, what a worker is told that is offered it, the only one that may have it (or ''), keys
 * under which stands who holds its conversation. Returns its priority, by how much what waits must be moved forward
 * before, the worker that heard the offer, and the one that holds it (each or ''); or 'full'. Sent again, since its answer
 * was lost, it answers the same and changes nothing: a worker may have the run by then.
 *
 * The offer goes out only where nobody waits, or there is room for all who do, so that it overtakes nobody.
 *
 * Turns are taken by start-time fair queueing: each key's next run has the turn behind its last one, or the
 * one that is on now, so that a key with many waits behind one with few. Turns grow without end as long as the queue is
 * never empty, priorities do not: they count from `base`, which follows when they come to their end.
 */
const SUBMIT = `
local known = redis.call('HMGET', KEYS[1], 'priority', 'moved', 'offered', 'holder')
if known[1] then return {tonumber(known[1]), tonumber(known[2]), known[3], known[4]} end
local function isIn(list, worker) return string.find(' ' .. list .. ' ', ' ' .. worker .. ' ', 1, true) end
local prefix, id, key = ARGV[1], ARGV[2], ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, own, turns = prefix .. ':waiting', prefix .. ':waiting:' .. key, prefix .. ':turns'
redis.call('ZREMRANGEBYSCORE', all, '-inf', now)
redis.call('ZREMRANGEBYSCORE', own, '-inf', now)
redis.call('ZREMRANGEBYSCORE', prefix .. ':running', '-inf', now)
local waiting = redis.call('ZCARD', all)
local wait = tonumber(ARGV[6])
if wait > 0 then
  local room = tonumber(ARGV[7]) + math.max(0, tonumber(ARGV[8]))
  local isFirst = redis.call('ZCARD', own) == 0 and waiting > 0
  if waiting >= room and not isFirst then return 'full' end
  redis.call('ZADD', all, now + wait, id)
  redis.call('ZADD', own, now + wait, id)
  redis.call('PEXPIRE', own, wait)
end
if waiting == 0 and wait > 0 and redis.call('ZCARD', prefix .. ':running') == 0 then redis.call('DEL', turns) end
local turn = math.max(tonumber(redis.call('HGET', turns, 'now') or 0), tonumber(redis.call('HGET', turns, 'key:' .. key) or 0))
redis.call('HSET', turns, 'key:' .. key, turn + 1)
redis.call('HSET', KEYS[1], 'id', id, 'front', ARGV[3], 'key', key, 'kind', ARGV[5], 'state', 'waiting',
  'worker', '', 'attempt', 0, 'begun', 0, 'reruns', 0, 'seq', 0, 'sent', 0, 'read', 0, 'turn', turn)
if ARGV[11] ~= '' then redis.call('HSET', KEYS[1], 'record', ARGV[11]) end
redis.call('PEXPIRE', KEYS[1], ARGV[9])
redis.call('SET', KEYS[1] .. ':request', ARGV[10], 'PX', ARGV[9])
local base, moved = tonumber(redis.call('HGET', turns, 'base') or 0), 0
if turn + 1 - base > ${LAST_PRIORITY} then
  local on = tonumber(redis.call('HGET', turns, 'now') or 0)
  base, moved = on, on - base
  redis.call('HSET', turns, 'base', base)
end
local priority, holder = math.min(${LAST_PRIORITY}, turn + 1 - base), ARGV[15]
for index = 16, #ARGV do
  local found = redis.call('GET', ARGV[index])
  if found then
    holder = isIn(ARGV[12], found) and found or ''
    break
  end
end
local offered = holder == '' and string.match(ARGV[13], '^%S*') or isIn(ARGV[13], holder) and holder or ''
local isOffered = offered ~= '' and waiting < math.max(1, tonumber(ARGV[8]))
  and redis.call('PUBLISH', prefix .. ':to-worker:' .. offered, ARGV[14]) > 0
if not isOffered then offered = '' end
redis.call('HSET', KEYS[1], 'priority', priority, 'moved', moved, 'offered', offered, 'holder', holder)
return {priority, moved, offered, holder}
`;

export const SCRIPTS = { SUBMIT, CLAIM, APPEND, ABANDON, RECOVER, HAND_BACK, CANCEL, READ };

import { MOST_LOSSES } from '../most-losses.ts';

/**
 * What has to happen at one blow to a run in the background, in Lua. The keys are its sign of life, its task, and its
 * events. The task names its `server` (nobody's when that gave it back), holds what was `asked` until the run is over,
 * and the sentence with which it was `cancelled`. It counts the servers that were lost with it (`losses`).
 *
 * Fencing: a server whose run went elsewhere, as it was frozen, changes nothing any more.
 */
const SHARED = `
local sign, task, events = KEYS[1], KEYS[2], KEYS[3]
local function isElsewhere(server)
  local owner = redis.call('HGET', task, 'server')
  return owner and owner ~= server
end
`;

/** ARGV: server, lease, ttl, whether it keeps events, what was asked (or empty). */
export const BEGIN = `${SHARED}
redis.call('HSET', task, 'server', ARGV[1], 'keeps', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', task, 'asked', ARGV[5]) end
redis.call('PEXPIRE', task, ARGV[3])
redis.call('SET', sign, '1', 'PX', ARGV[2])
`;

/** ARGV: server, lease, ttl. Returns whether it is this server's still, and with which sentence it was cancelled. */
export const RENEW = `${SHARED}
if isElsewhere(ARGV[1]) then return {0, ''} end
redis.call('HSET', task, 'server', ARGV[1])
redis.call('SET', sign, '1', 'PX', ARGV[2])
redis.call('PEXPIRE', task, ARGV[3])
redis.call('PEXPIRE', events, ARGV[3])
return {1, redis.call('HGET', task, 'cancelled') or ''}
`;

/** ARGV: server, ttl, number, event. One that is there already is not added again. */
export const APPEND = `${SHARED}
if isElsewhere(ARGV[1]) then return end
local added = redis.pcall('XADD', events, ARGV[3] .. '-0', 'data', ARGV[4])
redis.call('PEXPIRE', events, ARGV[2])
if type(added) == 'table' and added.err and not string.find(added.err, 'equal or smaller') then return added end
`;

/** ARGV: server, for how long its end, and its events, are seen. */
export const LEAVE = `${SHARED}
if isElsewhere(ARGV[1]) then return end
redis.call('HDEL', task, 'asked')
redis.call('SET', sign, 'over', 'PX', ARGV[2])
redis.call('PEXPIRE', events, ARGV[2])
`;

/** ARGV: server. Returns whether another one can take it, or has it; to do it again changes nothing. */
export const GIVE_BACK = `${SHARED}
if isElsewhere(ARGV[1]) then return 1 end
if redis.call('HEXISTS', task, 'asked') == 0 then return 0 end
redis.call('HSET', task, 'server', '')
redis.call('DEL', sign)
return 1
`;

/** ARGV: sentence. It holds for whoever carries the run out, now or later. */
export const CANCEL = `${SHARED}
if redis.call('EXISTS', task) == 1 then redis.call('HSET', task, 'cancelled', ARGV[1]) end
`;

/**
 * ARGV: server, lease, ttl, for how long an end is seen, whether one may be taken that is begun for the last time. Returns
 * whether it is this server's from here on. Asked once more after its answer was lost, it answers the same.
 */
export const CLAIM = `${SHARED}
local alive = redis.call('GET', sign)
if alive and alive ~= 'over' and isElsewhere(ARGV[1]) then return 0 end
local owner = redis.call('HGET', task, 'server')
if owner and owner ~= '' and owner ~= ARGV[1] then
  local losses = tonumber(redis.call('HGET', task, 'losses') or 0) + 1
  local isFree = ARGV[5] == '1' or redis.call('HEXISTS', task, 'cancelled') == 1
  if losses == ${MOST_LOSSES} and not isFree then return 0 end
  redis.call('HSET', task, 'losses', losses)
end
redis.call('HSET', task, 'server', ARGV[1])
redis.call('PEXPIRE', task, ARGV[3])
if redis.call('HEXISTS', task, 'asked') == 1 then
  redis.call('SET', sign, '1', 'PX', ARGV[2])
  redis.call('PEXPIRE', events, ARGV[3])
else
  redis.call('SET', sign, 'over', 'PX', ARGV[4])
  redis.call('PEXPIRE', events, ARGV[4])
end
return 1
`;

import { SHARED } from './scripts.ts';

/** What is done with runs that a server leaves, in Lua. ARGV: id, server, ttl. */
export const GIVE_BACK = `${SHARED}
if not isOwn(ARGV[1], ARGV[2]) then return end
leaveServer(ARGV[1])
redis.call('HDEL', one(ARGV[1]), 'beginnings')
join(ARGV[1], '', ARGV[3])
`;

/** ARGV: when, ttl, token, servers. Returns the ids of what was cut; with the same token once more, those of before, too. */
export const INTERRUPT = `${SHARED}
local cut = {}
for _, id in ipairs(listAt(4)) do
  if not isPutOff(id) then
    withdraw(id)
    finish(id, 'interrupted', ARGV[1], ARGV[2])
    table.insert(cut, id)
  end
end
return answer(ARGV[3], cut)
`;

/** ARGV: server, ttl, token, servers. Returns the ids of what is this server's now; with the same token once more, those of before, too. */
export const CLAIM_PUT_OFF = `${SHARED}
local claimed = {}
for _, id in ipairs(listAt(4)) do
  if isPutOff(id) then
    leaveServer(id)
    join(id, ARGV[1], ARGV[2])
    table.insert(claimed, id)
  end
end
return answer(ARGV[3], claimed)
`;

/** ARGV: id, server. Returns how often this was noted before. */
export const NOTE_BEGINNING = `${SHARED}
if not isOwn(ARGV[1], ARGV[2]) then return 0 end
return redis.call('HINCRBY', one(ARGV[1]), 'beginnings', 1) - 1
`;

/** ARGV: id, server. */
export const NOTE_BEGUN = `${SHARED}
if isOwn(ARGV[1], ARGV[2]) then redis.call('HDEL', one(ARGV[1]), 'beginnings') end
`;

/** ARGV: id, its server, when, ttl. Returns whether it was this that ended it. */
export const CANCEL_PUT_OFF = `${SHARED}
local id = ARGV[1]
if not exists(id) or not isPutOff(id) or field(id, 'server') ~= ARGV[2] then return 0 end
finish(id, 'cancelled', ARGV[3], ARGV[4])
return 1
`;

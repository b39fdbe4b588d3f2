import type { SharedState } from '../../state/shared-state.ts';
import { toLeadKey } from './open-shared-store.ts';

export type SharedLeadOptions = {
  shared: SharedState;
  /** Names this server among those of all times. */
  server: string;
  /** After this time without a sign of life another server takes the lead, in milliseconds. */
  leaseMs: number;
  onProblem: (error: unknown) => void;
};

/** ARGV: server, lease. Returns whether it has the lead. */
const TAKE = `
local lead = redis.call('GET', KEYS[1])
if lead and lead ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** ARGV: server. */
const LEAVE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/** The part of the one of a cluster's servers that carries batches out. */
export function createSharedLead({ shared, server, leaseMs, onProblem }: SharedLeadOptions) {
  const key = toLeadKey(shared);
  let hasLead = false;
  let isLeaving = false;
  let taking: Promise<boolean> | undefined;

  const takeOnce = async () => {
    try {
      hasLead = (await shared.run(TAKE, [key], [server, leaseMs])) === 1;
      return hasLead;
    } finally {
      taking = undefined;
    }
  };
  const take = async () => !isLeaving && (await (taking ??= takeOnce()));
  const timer = setInterval(() => {
    if (hasLead) void take().catch(onProblem);
  }, leaseMs / 3).unref();

  return {
    take,
    async leave() {
      clearInterval(timer);
      isLeaving = true;
      await taking?.catch(onProblem); // behind it nothing takes the lead again
      await shared.run(LEAVE, [key], [server]).catch(onProblem); // it ends by itself, too
    },
  };
}

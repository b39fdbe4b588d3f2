import type { Steering } from '../backend.ts';
import { RunError } from '../run-error.ts';
import type { RunChange } from './run-news.ts';
import { isEnded, type RunStore } from './run-store.ts';

/** What can be asked of the server of a run; the first argument is the run's id. */
export type RunCall = { method: keyof Steering | 'cancel'; args: readonly [string, ...unknown[]] };

/** What servers tell each other of runs: of which there are new events, and whose state is another one. */
export type RunTold = { id: string; change?: { keyId: string; what: RunChange } };

/** The other servers that work on the same store. */
export type RunPeers = {
  /** Has a server do something. Throws what it throws there, `conflict` for one that is gone, and `queue-timeout`. */
  ask: (server: string, call: RunCall) => Promise<unknown>;
  /** Tells all others, soon. */
  tell: (told: RunTold) => void;
  /** From here on, this server does what the others ask, and hears what they tell. */
  listen: (
    carryOut: (call: RunCall) => Promise<unknown>,
    onTold: (told: RunTold) => void,
  ) => Promise<void>;
  /** Tells the last, and never throws. */
  close: () => Promise<void>;
};

type ReachOptions = {
  store: Pick<RunStore, 'read'>;
  serverId: string;
  peers: RunPeers | undefined;
  /** Speaks to the runs of this server. */
  steering: Steering;
  /** Whether this server carries a run out. */
  isHere: (id: string) => boolean;
  /** Ends a run of this server. */
  cancel: (id: string) => Promise<void>;
};

/** Makes what reaches runs wherever they are. */
export function createReach({ store, serverId, peers, steering, isHere, cancel }: ReachOptions) {
  if (!peers) return { steering, cancel, listen: () => Promise.resolve() };

  const elsewhere = async (call: RunCall) => {
    const run = await store.read(call.args[0]);
    const isThere = run && !isEnded(run) && run.server && run.server !== serverId;
    if (isThere) return peers.ask(run.server ?? '', call);
    throw new RunError('conflict', 'This run is not at work.');
  };

  const here = async ({ method, args: [id, ...rest] }: RunCall) => {
    if (method === 'cancel') return cancel(id);
    const speak = steering[method] as (...args: unknown[]) => Promise<unknown>; // with its own arguments
    return speak(id, ...rest);
  };

  const route =
    (method: keyof Steering) =>
    (...args: RunCall['args']) =>
      isHere(args[0]) ? here({ method, args }) : elsewhere({ method, args });

  const routes = Object.keys(steering).map((name) => [name, route(name as keyof Steering)]);
  return {
    /** Throws as it does for a run of this server, `conflict` when no server is at the run, and `queue-timeout`. */
    steering: Object.fromEntries(routes) as Steering, // of the same methods
    /** Ends a run. Throws `conflict` when the server that was at it is gone, and `queue-timeout`. */
    async cancel(id: string): Promise<void> {
      if (isHere(id)) await cancel(id);
      else await elsewhere({ method: 'cancel', args: [id] });
    },
    /** Lets the other servers ask of this one's runs, and tell of theirs. */
    listen: (onTold: (told: RunTold) => void) => peers.listen(here, onTold),
  };
}

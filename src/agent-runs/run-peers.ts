import type { CheckPaths, Steering } from '../backend.ts';
import { RunError } from '../run-error.ts';
import type { LeftRunsOptions } from './left-runs.ts';
import type { RunChange } from './run-news.ts';
import { isEnded, type RunStore } from './run-store.ts';

/** What the server of a run does with it; the first argument is the run's id. */
type RunWork = Steering & {
  /** Ends a run. */
  cancel: (id: string) => Promise<void>;
  checkPaths: CheckPaths;
};

/** What can be asked of the server of a run. */
export type RunCall = { method: keyof RunWork; args: readonly [string, ...unknown[]] };

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
  /** This one, and which others live that work on the store. */
  server: LeftRunsOptions['server'];
  peers: RunPeers | undefined;
  /** For the runs of this server. */
  own: RunWork;
  /** Whether this server carries a run out. */
  isHere: (id: string) => boolean;
};

/**
 * Makes what reaches runs wherever they are. All throw as they do for a run of this server, `conflict` when no server is
 * at the run, and `queue-timeout`.
 */
export function createReach({ store, server, peers, own, isHere }: ReachOptions) {
  /** Where it is at work, if that is another server. */
  const findServer = async (id: string) => {
    const run = await store.read(id);
    const isThere = run && !isEnded(run) && run.server !== server.id;
    return isThere ? run.server : undefined;
  };

  /** Servers of one folder do not hear each other. */
  const isUnreachable = async (id: string) => {
    const other = peers || isHere(id) ? undefined : await findServer(id);
    return other ? server.isRunning(other) : false;
  };

  const elsewhere = async (call: RunCall) => {
    const other = await findServer(call.args[0]);
    if (peers && other) return peers.ask(other, call);
    throw new RunError('conflict', 'This run is not at work.');
  };

  const here = async ({ method, args }: RunCall) => {
    const work = own[method] as (...args: RunCall['args']) => Promise<unknown>; // with its own arguments
    return work(...args);
  };

  const inFolder = async (call: RunCall) => {
    const isSaid = call.method !== 'checkPaths'; // the disk is the same
    if (isSaid && (await isUnreachable(call.args[0]))) throw toUnreachable();
    return here(call);
  };

  const route =
    (method: RunCall['method']) =>
    (...args: RunCall['args']) => {
      if (isHere(args[0])) return here({ method, args });
      return peers ? elsewhere({ method, args }) : inFolder({ method, args });
    };

  const routes = Object.keys(own).map((name) => [name, route(name as RunCall['method'])]);
  const { cancel, checkPaths, ...steering } = Object.fromEntries(routes) as RunWork; // of the same methods
  return {
    steering: steering satisfies Steering,
    cancel,
    checkPaths,
    /** Whether another server is at the run that nothing can be said to from here. */
    isUnreachable,
    /** Lets the other servers ask of this one's runs, and tell of theirs. */
    listen: async (onTold: (told: RunTold) => void) => peers?.listen(here, onTold),
  };
}

function toUnreachable() {
  const sentence =
    'Another server on the same state folder carries out this run: ask that one. Servers with one REDIS_URL reach the runs of each other.';
  return new RunError('conflict', sentence, { param: 'id' });
}

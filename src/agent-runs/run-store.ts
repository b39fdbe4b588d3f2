import type { RunEvent } from '../run.ts';
import type { InputStore } from './input-store.ts';

/**
 * `queued` waits for a place, `waiting` for its caller; `interrupted` was cut by the end of the server.
 */
export type RunState = (typeof STATES)[number];

const UNFINISHED = ['queued', 'running', 'waiting'] as const;

/** All states of a run. */
export const STATES = [...UNFINISHED, 'done', 'failed', 'cancelled', 'interrupted'] as const;

type JsonObject = Readonly<Record<string, unknown>>;

/** A run of an agent, as it is kept. Times are milliseconds since 1970. */
export type StoredRun = {
  readonly id: string;
  readonly keyId: string;
  readonly state: RunState;
  readonly createdAt: number;
  readonly endedAt?: number | undefined;
  readonly isBackground: boolean;
  readonly sessionId?: string | undefined;
  readonly model: string;
  readonly resumedFrom?: string | undefined;
  readonly body: JsonObject;
  readonly answer?: JsonObject | undefined;
  readonly failure?: JsonObject | undefined;
  /** The server that carries it out; empty when that gave it back. */
  readonly server?: string | undefined;
  /** What it cost beside its answer, as far as that was told: it failed, or was cancelled. */
  readonly costUsd?: number | undefined;
};

/** One event of a run; ids count from 1 without a gap. `data` is its JSON text. */
export type StoredEvent = { readonly id: number; readonly type: string; readonly data: string };

/** Which runs of a key are wanted: the newest `limit` of those created before the run `before`. */
export type RunFilter = {
  state?: RunState | undefined;
  sessionId?: string | undefined;
  before?: string | undefined;
  limit: number;
};

/** What is known of a run when it begins. */
export type BegunRun = Pick<
  StoredRun,
  'id' | 'keyId' | 'createdAt' | 'isBackground' | 'model' | 'resumedFrom' | 'body'
> & { server: string };

export type RunEnding = {
  state: RunState;
  endedAt: number;
  answer: object | undefined;
  failure: object | undefined;
};

/** Which runs no server is at: those of these dead ones, and maybe those of unknown ones. */
export type Left = { dead: readonly string[]; withUnknown: boolean };

/** Where runs and their events are kept. It knows nothing of ownership, lifetime or who carries them out. */
export type RunStore = {
  inputs: InputStore;
  /**
   * Puts a run on record, unless it is there, or `mostUnread` of its key that go on whoever reads them have not
   * ended.
   */
  add: (run: BegunRun, mostUnread: number) => Promise<'added' | 'known' | 'full'>;
  read: (id: string) => Promise<StoredRun | undefined>;
  setState: (id: string, state: (typeof UNFINISHED)[number]) => Promise<void>;
  begin: (id: string, model: string, sessionId: string | undefined) => Promise<void>;
  /** Adds events behind those that are there. */
  addEvents: (id: string, events: readonly StoredEvent[]) => Promise<void>;
  /** Ends a run with its last events; resolves with whether it had not ended before. */
  end: (id: string, ending: RunEnding, last: readonly StoredEvent[]) => Promise<boolean>;
  list: (keyId: string, filter: RunFilter) => Promise<readonly StoredRun[]>;
  /** One key's ended runs that do not fit into so many bytes together with the newer ones. */
  listBeyond: (keyId: string, mostBytes: number) => Promise<readonly string[]>;
  /** At most `limit` events behind the one with the id `after`. */
  listEvents: (id: string, after: number, limit: number) => Promise<readonly StoredEvent[]>;
  /** All events of one type. */
  listEventsOf: (id: string, type: RunEvent['type']) => Promise<readonly StoredEvent[]>;
  /** Adds to what a run cost; the same charge is added once, though it is tried again. */
  charge: (id: string, costUsd: number, chargeId: string) => Promise<void>;
  /** Does nothing for an unknown id. */
  remove: (id: string) => Promise<void>;
  removeEndedUntil: (time: number) => Promise<void>;
  /** A run that has not begun is for any server to carry out. */
  giveBack: (id: string) => Promise<void>;
  /** The servers that have unfinished runs. */
  listServers: () => Promise<readonly string[]>;
  /** Whether a server gave a run back that nobody has taken since. */
  hasGivenBack: () => Promise<boolean>;
  /** What was left has ended at this time, where it had begun; it waits for nothing. Each is told to one server only: after an answer that was lost, once more to that. */
  interruptLeft: (left: Left, endedAt: number) => Promise<readonly StoredRun[]>;
  /** What was left and had not begun is this server's from here on, and no other's; the oldest first. */
  claimPutOff: (left: Left, server: string) => Promise<readonly StoredRun[]>;
  /**
   * Notes that this server begins a run that was left; resolves with how many were lost as they did so since it last
   * waited.
   */
  noteBeginning: (id: string, server: string) => Promise<number>;
  /** It waits, or has begun. */
  noteBegun: (id: string, server: string) => Promise<void>;
  /** Cancels a run that has not begun, if it is at this server still, which is not at work on it; resolves with whether it was. */
  cancelPutOff: (id: string, server: string, endedAt: number) => Promise<boolean>;
  close: () => Promise<void>;
};

/** What it does with runs that servers leave. */
export type LeftStore = Pick<
  RunStore,
  | 'giveBack'
  | 'listServers'
  | 'hasGivenBack'
  | 'interruptLeft'
  | 'claimPutOff'
  | 'noteBeginning'
  | 'noteBegun'
  | 'cancelPutOff'
>;

export function isEnded({ state }: Pick<StoredRun, 'state'>): boolean {
  return !UNFINISHED.some((unfinished) => unfinished === state);
}

/** Whether a text is the name of a state. */
export function isRunState(text: string): text is RunState {
  return STATES.some((state) => state === text);
}

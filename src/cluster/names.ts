import { hash } from 'node:crypto';

import { WIRE_VERSION } from '../run-wire.ts';

/** How long runs, and what is for a front, stay in Redis without their front, in milliseconds. */
export const LEFT_MS = 300_000;

/** BullMQ's priorities go from 1 to this, the smallest first. */
export const LAST_PRIORITY = 2_097_151;

/** What stands where in Redis. */
export type Names = ReturnType<typeof createNames>;

/**
 * Names every key and channel of a cluster but those of what servers share (`toKey` of `SharedState`). Fronts and workers
 * of another version of the wire have queues of their own.
 */
export function createNames(prefix: string, wire: number = WIRE_VERSION) {
  const sharedQueue = `runs-${wire}`;
  return {
    prefix,
    wire,
    /** The queue from which all workers take. */
    sharedQueue,
    /** The one from which only this worker takes. */
    ownQueue: (worker: string) => `${sharedQueue}-${worker}`,
    /** The one of runs that want workers with these tags. */
    taggedQueue: (tags: readonly string[]) =>
      `${sharedQueue}-tags-${hash('sha256', JSON.stringify(tags), 'hex').slice(0, 32)}`,
    /** The hash that says how a run stands. */
    run: (id: string) => `${prefix}:run:${id}`,
    /** Its request, sealed; gone when it has ended. */
    request: (id: string) => `${prefix}:run:${id}:request`,
    /** The stream of everything that is for a front. */
    events: (front: string) => `${prefix}:front:${front}:events`,
    /** There as long as the front lives. */
    front: (front: string) => `${prefix}:front:${front}`,
    /** There as long as the worker lives: what it says of itself. */
    worker: (worker: string) => `${prefix}:worker:${worker}`,
    /** Ids of workers by when they were last seen. */
    workers: `${prefix}:workers`,
    /** Ids of runs that wait, and of those of one key, by when their wait ends. */
    waiting: `${prefix}:waiting`,
    waitingOfKey: (keyId: string) => `${prefix}:waiting:${keyId}`,
    /** Ids of runs at work, by when they are left if their front is not heard of. */
    running: `${prefix}:running`,
    /** Whose turn it is. */
    turns: `${prefix}:turns`,
    /** The tags for which there is a queue, as JSON, by when they were last asked for. */
    taggedQueues: `${prefix}:tagged-queues`,
    /** Which worker holds a waiting call, a conversation or a session. */
    held: (name: string) => `${prefix}:held:${name}`,
    /** Tells programs with the same secret from others, and nobody which it is. */
    secret: `${prefix}:secret`,
    /** Says whether a worker has begun with a call; gone when its front has taken it back. */
    call: (id: string) => `${prefix}:call:${id}`,
    /** Transcripts that are to be removed at a home, sealed, by when that is tried. */
    removals: (home: string) => `${prefix}:removals:${home}`,
    /** Channels: what a worker and a front are told, and that there is a job. */
    toWorker: (worker: string) => `${prefix}:to-worker:${worker}`,
    toFront: (front: string) => `${prefix}:to-front:${front}`,
    wake: `${prefix}:wake`,
  };
}

/** The tag of workers whose transcripts are in one place; sessions on one of them are noted as being there. */
export const SHARED_TRANSCRIPTS = 'transcripts:shared';

/** Names a worker; its home is the state folder where its sessions are, which the next one there has, too. */
export function toWorkerId(home: string, start: string): string {
  return `${home}.${start}`;
}

/** The home of a worker. */
export function toHome(worker: string): string {
  return worker.split('.')[0] ?? worker;
}

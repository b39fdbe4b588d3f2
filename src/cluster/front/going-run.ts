import type { RunRequest } from '../../run.ts';
import { type Arrival, createInbox, type Inbox } from './inboxes.ts';
import type { AddedJob } from '../job-queue.ts';
import { toQueueTimeout } from '../refusals.ts';

/** A run of a front, on its way. */
export type GoingRun = {
  inbox: Inbox;
  request: RunRequest;
  isOnRecord: boolean;
  /** The only worker that may have it. */
  pinnedTo: string | undefined;
  /** What a worker must have to get it. */
  tags: readonly string[] | undefined;
  worker: string | undefined;
  /** Where it takes a place: its worker, or the one that it was offered to, until that is known not to have one. */
  place: string | undefined;
  wasOffered: boolean;
  isClaimed: boolean;
  /** Its worker has said the last of it, and ended it on record. */
  hasEnded: boolean;
  /** Jobs that were added for it, or are just being added. */
  jobs: Promise<AddedJob>[];
  /** Called when it waits anew, since its worker was lost. */
  onAgain: () => void;
};

/** Begins one. */
export function createGoingRun(request: RunRequest): GoingRun {
  return {
    inbox: createInbox(),
    request,
    isOnRecord: false,
    pinnedTo: undefined,
    tags: request.tags,
    worker: undefined,
    place: undefined,
    wasOffered: false,
    isClaimed: false,
    hasEnded: false,
    jobs: [],
    onAgain: () => {},
  };
}

/** Reads what arrives for a run. Throws `queue-timeout` when no worker takes it in time, unless it is patient. */
export async function* readArrivals(one: GoingRun, waitMs: number): AsyncIterable<Arrival> {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(timer);
    if (one.request.isPatient) return;
    timer = setTimeout(() => one.inbox.fail(toQueueTimeout(one.tags)), waitMs);
  };
  one.onAgain = wait;
  if (!one.isClaimed) wait();
  try {
    for await (const arrival of one.inbox.read()) {
      if (arrival.kind === 'claimed') clearTimeout(timer);
      yield arrival;
    }
  } finally {
    clearTimeout(timer);
  }
}

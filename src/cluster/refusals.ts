import { RunError } from '../run-error.ts';

/** What callers are told when the cluster cannot carry a request out. */

/** Redis is away. */
export function toQueueAway(): RunError {
  return refuse('The queue of this server cannot be reached at present. Try again later.', 2);
}

/** What servers share cannot be read, or written. */
export function toStateAway(cause: unknown): RunError {
  const sentence = 'What this server keeps in Redis cannot be reached at present. Try again later.';
  return new RunError('queue-timeout', sentence, { retryAfterSeconds: 2, cause });
}

/** No worker can be asked. */
export function toNoWorker(tags: readonly string[] = []): RunError {
  const which = tags.length === 0 ? '' : ` with the tags ${tags.join(', ')}`;
  return refuse(`No worker${which} is there at present. Try again later.`, 2);
}

/** An admin named a worker that is not there. */
export function toUnknownWorker(): RunError {
  return new RunError('not-found', 'There is no worker with this id now.');
}

/** No worker took a run in time. */
export function toQueueTimeout(tags: readonly string[] = []): RunError {
  const which = tags.length === 0 ? 'of this version' : `with the tags ${tags.join(', ')}`;
  return refuse(`No worker ${which} took the request in time. Try again later.`, 2);
}

/** A session's worker lacks what the request wants. */
export function toSessionElsewhere(tags: readonly string[]): RunError {
  const sentence = `This session is on a worker that lacks one of the tags ${tags.join(', ')}: begin another session.`;
  return new RunError('invalid-request', sentence, { param: 'tags' });
}

/** A session's worker is away. */
export function toSessionAway(): RunError {
  return refuse('The worker that has this session is not there at present. Try again later.', 5);
}

/** As many wait as may. */
export function toQueueFull(): RunError {
  return new RunError('queue-full', 'Too many requests are waiting already. Try again later.', {
    retryAfterSeconds: 2,
  });
}

/** A worker was asked for what only a later version does; this is all that it can say of that. */
export function toUnknownCall(): RunError {
  return new RunError('internal', UNKNOWN_CALL);
}

const UNKNOWN_CALL = 'This worker was asked for what it does not know.';

/** Whether that is what a worker said. */
export function isUnknownCall(error: unknown): boolean {
  return error instanceof RunError && error.message === UNKNOWN_CALL;
}

/** What it is for a caller. */
export function toOlderWorker(): RunError {
  const sentence =
    'The worker that has to do this is of an earlier version than this server. Try again when it has been updated.';
  return new RunError('queue-timeout', sentence, { retryAfterSeconds: 30 });
}

/** The worker is gone, and its run cannot begin anew. */
export function toWorkerLost(): RunError {
  return new RunError('cli-failed', 'The worker that had this request was lost. Try again.', {
    retryAfterSeconds: 2,
  });
}

/** What it is for a caller that a worker was lost; the reasons are those of the scripts. */
export function toLoss(reason: string): RunError {
  if (reason === 'elsewhere') return toTakenOver();
  if (reason !== 'interrupted') return toWorkerLost();
  const sentence =
    'The worker that carried out this run was lost; what it had done so far stands, and the run can be resumed.';
  return new RunError('shutting-down', sentence, { retryAfterSeconds: 2 });
}

/** The front itself counted as lost meanwhile. */
function toTakenOver() {
  const sentence =
    'This server was not heard of for a while, so that its run was ended, or goes on at another one.';
  return new RunError('shutting-down', sentence, { retryAfterSeconds: 2 });
}

function refuse(sentence: string, retryAfterSeconds: number) {
  return new RunError('queue-timeout', sentence, { retryAfterSeconds });
}

/** Why a run failed. Each dialect has one table from these codes to its statuses and bodies. */
export type RunErrorCode =
  /** The request cannot be carried out as written; `param` names the field. */
  | 'invalid-request'
  /** The caller's key is missing or wrong. */
  | 'unauthenticated'
  /** The caller may not do this here, or the API refuses it to this account. */
  | 'forbidden'
  | 'not-found'
  /** What is asked for does not fit the state in which the thing is. */
  | 'conflict'
  | 'method-not-allowed'
  | 'model-not-found'
  /** The body is larger than this server, or the API, takes. */
  | 'request-too-large'
  /** The conversation does not fit into the model's context. */
  | 'context-overflow'
  /** Too many callers wait already. */
  | 'queue-full'
  /** No place became free in time. */
  | 'queue-timeout'
  /** The API's or the subscription's rate limit. */
  | 'rate-limited'
  | 'overloaded'
  /** The CLI has no valid login. Only the operator can help. */
  | 'not-logged-in'
  /** The deadline passed. */
  | 'timeout'
  /** The CLI did not come up in time. */
  | 'start-timeout'
  /** The API did not begin its answer in time. */
  | 'first-byte-timeout'
  /** The answer began, and then nothing more came. */
  | 'silence-timeout'
  /** The API failed. */
  | 'upstream-failed'
  /** The CLI could not be started, died, or said something that makes no sense. */
  | 'cli-failed'
  /** The disk of the state folder is full, or takes nothing for another reason. */
  | 'storage-failed'
  /** The request came from a CLI that this server started. */
  | 'loop'
  | 'shutting-down'
  /** The caller left; nobody reads this. */
  | 'cancelled'
  | 'internal';

export type RunErrorOptions = {
  /** The field of the request that is wrong, in the dialect's own notation. */
  param?: string | undefined;
  /** Whole seconds after which another try makes sense. */
  retryAfterSeconds?: number | undefined;
  /** What a program may need to know beside the sentence. */
  details?: Readonly<Record<string, unknown>> | undefined;
  cause?: unknown;
};

/** The one error that a run throws. `message` is a sentence for the caller and holds no secret. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly code: RunErrorCode;
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: RunErrorCode, message: string, options: RunErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.param = options.param;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = options.details;
  }
}

/** Whatever was thrown, as the one error that callers may see. */
export function toRunError(error: unknown): RunError {
  if (error instanceof RunError) return error;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new RunError(
      'timeout',
      'The time limit of this server passed before the answer was complete.',
    );
  }
  // @hono/node-server aborts a request whose client left with a string as the reason.
  if (typeof error === 'string' || (error instanceof DOMException && error.name === 'AbortError')) {
    return new RunError('cancelled', 'The caller left.', { cause: error });
  }
  if (isStorageFailure(error)) {
    return new RunError(
      'storage-failed',
      'The server cannot store anything now: its disk is full or does not take what is written. Its operator can see why in the log.',
      { cause: error, retryAfterSeconds: AFTER_STORAGE_FAILURE_SECONDS },
    );
  }
  return new RunError('internal', 'The server failed; its log says why.', { cause: error });
}

/** Why runs end when the server does. */
export function toShutdown(): RunError {
  return new RunError('shutting-down', 'The server is shutting down; try again.');
}

/** Somebody has to make room first. */
const AFTER_STORAGE_FAILURE_SECONDS = 30;

const SYSTEM_CODES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'];

/** READONLY, IOERR, FULL and CANTOPEN: https://sqlite.org/rescode.html */
const SQLITE_CODES = [8, 10, 13, 14];

function isStorageFailure(error: unknown): boolean {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return SQLITE_CODES.includes(errcode & 0xff); // the rest says more
  return typeof code === 'string' && SYSTEM_CODES.includes(code);
}

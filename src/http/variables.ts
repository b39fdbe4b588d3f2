import type { Logger } from 'pino';

import type { Deadline } from '../common/deadline.ts';
import type { Api } from '../dialects/dialect.ts';
import type { ApiKey, Scope } from '../keys/api-key.ts';
import type { RunError } from '../run-error.ts';
import type { Caller } from '../run.ts';
import type { HeldBody } from './body/body-meter.ts';
import type { WatchedKey } from './watch-keys.ts';

/**
 * What the middleware hands on to the routes. What every request passes takes it by `c.get`: `c.var` makes an
 * object of all of them each time.
 */
export type Variables = {
  requestId: string;
  /** Set by `traceRequest`, with tracing: the request's own span. */
  trace: Caller['trace'];
  /** Set on the paths of an API. */
  api: Api | undefined;
  /** Milliseconds since 1970. */
  arrivedAtMs: number;
  /** Milliseconds since then, by a clock that never jumps. */
  elapsedMs: () => number;
  /** Names the request in every line. */
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Says that the answer goes on behind the handler, until the returned function is called. */
  holdAnswer: () => () => void;
  /** Carries out a task when the handler is through and the answer has ended. */
  whenAnswered: (task: () => void) => void;
  /** Set by `authenticate`. */
  caller: Caller;
  /** Set by `authenticate`: what the caller's key may do. */
  key: ApiKey;
  /** Set by `withSignIn` for a page that is signed in: whether it is so still. */
  isSignedIn: (() => Promise<boolean>) | undefined;
  /** Set by `requireScope`. */
  scope: Scope | undefined;
  /**
   * Set by `authenticate`: whether what the caller showed is a key still, with the scope that the route wants;
   * it may be revoked, rotated, or have lost it.
   */
  isKeyValid: () => Promise<boolean>;
  /**
   * Set by `authenticate`: looks once more when the body took its time. Throws `unauthenticated` when the key
   * ended meanwhile.
   */
  checkKeyAgain: () => Promise<void>;
  /** Set by `authenticate`: watches the key of who stays; to be ended. */
  watchKey: () => WatchedKey;
  /**
   * Set by `showLimits`: counts a request that never becomes a run. Throws `rate-limited` when the key has
   * no more.
   */
  countRefused: () => Promise<void>;
  /** Set by `limitBody`: what one more of the caller's bodies takes, as each message of a WebSocket is. */
  holdBody: () => HeldBody;
  /** Set by `limitBody` for a body that it read: its values, as `createValueCounter` counts them. */
  valueCount: number | undefined;
  /** Set by `timeout`: aborts when the caller leaves or the deadline passes. */
  signal: AbortSignal;
  /** Set by `timeout`: the same, for a run that waits for somebody and whose time stands still meanwhile. */
  deadline: Deadline;
  /** What went wrong, for the log. */
  failure: RunError;
};

export type AppEnv = { Variables: Variables };

import type { BackgroundRuns } from '../../responses/background-runs.ts';
import type { ResponseBook } from '../../responses/response-book.ts';

/** What the routes under /v1/responses share. */
export type ResponseParts = {
  /** Who owns which response. */
  book: ResponseBook;
  /** The runs that nobody waits for. */
  background: BackgroundRuns;
  /** Aborts when the server stops: connections end after what they are at. */
  stopping: AbortSignal;
};

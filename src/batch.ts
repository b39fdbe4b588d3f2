/** Which API made a batch; it is answered in its words. */
type BatchApi = 'openai' | 'anthropic';

/**
 * `filling` takes its requests in, `cancelling` waits for those under way; the last four have ended.
 */
export type BatchState =
  | 'filling'
  | 'running'
  | 'cancelling'
  | 'completed'
  | 'expired'
  | 'cancelled'
  | 'failed';

/** What became of one request of a batch. */
export type ItemOutcome = 'succeeded' | 'errored' | 'cancelled' | 'expired';

/** Why a batch failed as a whole; `line` counts from 1 in its file. */
export type BatchProblem = {
  code: string;
  message: string;
  param?: string | undefined;
  line?: number | undefined;
};

/** Many requests that are carried out in quiet moments. Times are milliseconds since 1970. */
export type Batch = {
  id: string;
  /** Names the key that owns it; never the key itself. */
  keyId: string;
  api: BatchApi;
  /** The path to which each of its requests would be posted. */
  endpoint: string;
  state: BatchState;
  createdAt: number;
  startedAt: number | undefined;
  cancelledAt: number | undefined;
  endedAt: number | undefined;
  /** What has no answer by then never gets one. */
  expiresAt: number;
  counts: Readonly<Record<ItemOutcome | 'total', number>>;
  /** What the API shows of it beside: the API's business. */
  details: Readonly<Record<string, unknown>>;
  problems: readonly BatchProblem[];
  /** Where its answers stand, for APIs that hand them out as files. */
  outputFileId: string | undefined;
  errorFileId: string | undefined;
};

/** A file of JSON lines, of a caller's or made of a batch's answers. Times are milliseconds since 1970. */
export type BatchFile = {
  id: string;
  keyId: string;
  name: string;
  purpose: 'batch' | 'batch_output';
  bytes: number;
  createdAt: number;
  expiresAt: number;
};

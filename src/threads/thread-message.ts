/** What a thread says when it is up. */
export const READY = 'ready';

/** What a thread answers: the result, or how its work failed. */
export type ThreadReply = { output: unknown } | { failure: string };

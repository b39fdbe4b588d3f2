/** What the benchmark's model says to everything, so that a conversation can be continued. */
export const ANSWER = 'Hello from the model server, in a dozen words or a few more.';

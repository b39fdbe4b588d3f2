import { parentPort } from 'node:worker_threads';

import type { ThreadReply } from './create-thread.ts';

/** The thread's side of `createThread`: does every task that it is sent, and says the result. */
export function serveThread(work: (input: never) => unknown): void {
  parentPort?.on('message', (input: unknown) => {
    parentPort?.postMessage(
      toReply(() => work(input as never)),
      [],
    ); // both sides agree on it
  });
}

function toReply(work: () => unknown): ThreadReply {
  try {
    return { output: work() };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

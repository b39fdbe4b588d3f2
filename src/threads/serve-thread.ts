import { parentPort } from 'node:worker_threads';

import { READY, type ThreadReply } from './thread-message.ts';

/** The thread's side of `createThread`: says that it is up, does every task that it is sent, and says the result. */
export function serveThread(work: (input: never) => unknown): void {
  parentPort?.on('message', (input: unknown) => {
    parentPort?.postMessage(
      toReply(() => work(input as never)),
      [],
    ); // both sides agree on it
  });
  parentPort?.postMessage(READY, []);
}

function toReply(work: () => unknown): ThreadReply {
  try {
    return { output: work() };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

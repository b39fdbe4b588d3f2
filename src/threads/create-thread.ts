import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

import { READY, type ThreadReply } from './thread-message.ts';

/** What a thread was given took too long, or broke it. `message` is for the log. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure';
}

export type ThreadOptions = {
  /** The module that the thread runs, without its ending; it serves with `serveThread`. */
  module: URL;
  /**
   * Longest time for one task, in milliseconds, from when the thread is up; one that takes longer ends the
   * thread, not the server.
   */
  limitMs: number;
};

/** Longest time for a thread to come up, in milliseconds: on a busy machine seconds. */
const START_MS = 30_000;

/** Memory of one thread, in megabytes. */
const MOST_MEMORY_MB = 512;

type Task = { input: unknown; done: PromiseWithResolvers<unknown> };

type Thread = { worker: Worker; isUp: boolean; hasEnded: boolean };

/**
 * Makes a thread for work whose length a caller decides, started when it is first needed. It does one
 * task after the other. The returned function throws `ThreadFailure`.
 */
export function createThread({
  module,
  limitMs,
}: ThreadOptions): (input: unknown) => Promise<unknown> {
  const waiting: Task[] = [];
  let thread: Thread | undefined;
  let isBusy = false;

  async function work() {
    if (isBusy) return;
    isBusy = true;
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      if (!thread || thread.hasEnded) thread = startThread(module);
      const { resolve, reject } = task.done;
      await carryOut(thread, task.input, limitMs).then(resolve, reject);
    }
    isBusy = false;
  }

  return (input) => {
    const done = Promise.withResolvers<unknown>();
    waiting.push({ input, done });
    void work();
    return done.promise;
  };
}

function startThread(module: URL): Thread {
  // As this file is: TypeScript here, JavaScript in the package.
  const file = new URL(module.href + extname(import.meta.filename));
  const worker = new Worker(file, {
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
    // Neither needs what was given to the program itself.
    argv: [],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.unref();
  const thread = { worker, isUp: false, hasEnded: false };
  const noteEnd = () => {
    thread.hasEnded = true;
  };
  worker.on('error', noteEnd).on('exit', noteEnd);
  return thread;
}

/** Gives the thread one task; ends the thread when that takes too long. */
async function carryOut(thread: Thread, input: unknown, limitMs: number): Promise<unknown> {
  const { worker } = thread;
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const refuse = (message: string, cause?: unknown) => {
    thread.hasEnded = true;
    void worker.terminate();
    reject(new ThreadFailure(message, { cause }));
  };
  const begin = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refuse('It takes too long.'), limitMs);
    worker.postMessage(input, []);
  };
  const hear = (reply: ThreadReply | typeof READY) => {
    if (reply === READY) {
      thread.isUp = true;
      begin();
    } else if ('output' in reply) resolve(reply.output);
    else reject(new ThreadFailure(reply.failure));
  };
  const fail = (error: unknown) => refuse('The thread broke.', error);
  const leave = () => refuse('The thread ended.');
  let timer = setTimeout(() => refuse('The thread does not come up.'), START_MS);
  worker.on('message', hear).on('error', fail).on('exit', leave);
  if (thread.isUp) begin();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', hear).off('error', fail).off('exit', leave);
  }
}

import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What a thread was given took too long, or broke it. `message` is for the log. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure';
}

export type ThreadOptions = {
  /** The module that the thread runs, without its ending; it serves with `serveThread`. */
  module: URL;
  /** Longest time for one task, in milliseconds; one that takes longer ends the thread, not the server. */
  limitMs: number;
};

/** Memory of one thread, in megabytes. */
const MOST_MEMORY_MB = 512;

type Task = { input: unknown; done: PromiseWithResolvers<unknown> };

/** What a thread answers: the result, or how its work failed. */
export type ThreadReply = { output: unknown } | { failure: string };

/**
 * Makes a thread for work whose length a caller decides, started when it is first needed. It does one
 * task after the other. The returned function throws `ThreadFailure`.
 */
export function createThread({
  module,
  limitMs,
}: ThreadOptions): (input: unknown) => Promise<unknown> {
  const waiting: Task[] = [];
  let worker: Worker | undefined;
  let isBusy = false;

  async function work() {
    if (isBusy) return;
    isBusy = true;
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      worker ??= startWorker(module, (ended) => {
        if (worker === ended) worker = undefined;
      });
      await carryOut(worker, task);
    }
    isBusy = false;
  }

  function carryOut(thread: Worker, { input, done }: Task): Promise<void> {
    return new Promise((resolve) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        thread.off('message', hear).off('error', fail).off('exit', leave);
        settle();
        resolve();
      };
      const refuse = (message: string, cause?: unknown) => {
        if (worker === thread) worker = undefined;
        void thread.terminate();
        end(() => done.reject(new ThreadFailure(message, { cause })));
      };
      const hear = (reply: ThreadReply) =>
        end(() =>
          'output' in reply
            ? done.resolve(reply.output)
            : done.reject(new ThreadFailure(reply.failure)),
        );
      const fail = (error: unknown) => refuse('The thread broke.', error);
      const leave = () => refuse('The thread ended.');
      const timer = setTimeout(() => refuse('It takes too long.'), limitMs);
      thread.on('message', hear).on('error', fail).on('exit', leave);
      thread.postMessage(input, []);
    });
  }

  return (input) => {
    const done = Promise.withResolvers<unknown>();
    waiting.push({ input, done });
    void work();
    return done.promise;
  };
}

function startWorker(module: URL, onExit: (worker: Worker) => void) {
  // As this file is: TypeScript here, JavaScript in the package.
  const file = new URL(module.href + extname(import.meta.filename));
  const worker = new Worker(file, {
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
    // Neither needs what was given to the program itself.
    argv: [],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  worker.unref();
  worker.on('error', () => onExit(worker));
  worker.on('exit', () => onExit(worker));
  return worker;
}

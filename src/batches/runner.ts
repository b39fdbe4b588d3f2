import { RunError } from '../run-error.ts';
import type { BatchKinds } from './batch-kind.ts';
import { carryOn, type CarryOnParts } from './carry-on.ts';
import { createTasks } from './tasks.ts';

export type RunnerOptions = Omit<
  CarryOnParts,
  'tasks' | 'alone' | 'kinds' | 'pausedUntil' | 'wake' | 'closing'
> & {
  /** Takes the part of the one who carries batches out, if it is free: servers on one folder share it. */
  takeLead: () => boolean | Promise<boolean>;
  /** How often it looks what is to be done, in milliseconds. Default: every second. */
  lookMs?: number | undefined;
};

export type BatchRunner = {
  /** Begins to carry batches out, those of an earlier server first. */
  start: (kinds: BatchKinds) => void;
  /** Looks at once what is to be done. */
  wake: () => void;
  /** Ends what is under way, for this reason, without a result: the next server asks it again. */
  close: (reason: unknown) => Promise<void>;
};

/** Makes what carries batches out, a few requests of each key at a time, the oldest batch first. */
export function createBatchRunner({
  takeLead,
  lookMs = 1000,
  ...options
}: RunnerOptions): BatchRunner {
  const closing = new AbortController();
  const onProblem = (error: unknown) => {
    if (!closing.signal.aborted) options.onProblem(error);
  };
  const tasks = createTasks(onProblem);
  const alone = createLine();
  const pausedUntil = new Map<string, number>();
  let kinds: BatchKinds | undefined;
  let looking: Promise<void> | undefined;
  let hasNews = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(parts: CarryOnParts) {
    while (hasNews && !closing.signal.aborted) {
      hasNews = false;
      await carryAllOn(parts, takeLead);
    }
  }

  function wake() {
    hasNews = true;
    if (!kinds || looking || closing.signal.aborted) return;
    const parts = {
      ...options,
      onProblem,
      kinds,
      tasks,
      alone,
      pausedUntil,
      wake,
      closing: closing.signal,
    };
    looking = look(parts)
      .catch(onProblem)
      .finally(() => {
        looking = undefined;
        if (hasNews) wake();
      });
  }

  return {
    start(all) {
      kinds = all;
      timer = setInterval(wake, lookMs).unref();
      wake();
    },
    wake,
    async close(reason) {
      clearInterval(timer);
      closing.abort(reason);
      await looking;
      await tasks.settle();
    },
  };
}

async function carryAllOn(parts: CarryOnParts, takeLead: RunnerOptions['takeLead']) {
  const { store, tasks } = parts;
  // The list may be out of date for what is busy now, which wakes the runner when it is done.
  const busy = tasks.listBusy();
  const isOwn = (await store.batches.hasUnfinished()) && (await takeLead());
  if (!isOwn) return tasks.leaveAll(toElsewhere());
  for (const batch of await store.batches.listUnfinished()) {
    if (!busy.has(batch.id)) await carryOn(batch, parts);
  }
}

/** One after the other. */
function createLine(): CarryOnParts['alone'] {
  let line: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = line.then(work);
    line = done.catch(() => undefined);
    return done;
  };
}

function toElsewhere() {
  return new RunError('shutting-down', 'Another server carries the batches out.');
}

import type { Batch } from '../batch.ts';
import { within } from '../common/within.ts';

/** What goes on of one batch. */
export type Task = {
  keyId: string;
  /** Ends what is asked; what was answered is kept. */
  stop: AbortController;
  /** Ends all of it: another server carries the batch out. */
  leave: AbortController;
  /** The numbers of the requests that are under way. */
  items: Set<number>;
  /** Something is done with the whole batch, which nothing else touches meanwhile. */
  isBusy: boolean;
};

export type Tasks = ReturnType<typeof createTasks>;

/** Time for what is under way when the server ends, in milliseconds. */
const LAST_WORDS_MS = 2000;

/** Makes the list of what goes on of batches. */
export function createTasks(onProblem: (error: unknown) => void) {
  const tasks = new Map<string, Task>();
  const underWay = new Set<Promise<void>>();

  const hold = (work: Promise<void>) => {
    const held = work.catch(onProblem).finally(() => underWay.delete(held));
    underWay.add(held);
  };

  return {
    of({ id, keyId }: Batch): Task {
      const known = tasks.get(id);
      if (known && !isOver(known)) return known;
      const [stop, leave] = [new AbortController(), new AbortController()];
      const task = { keyId, stop, leave, items: new Set<number>(), isBusy: false };
      tasks.set(id, task);
      return task;
    },
    /** Leaves all batches to another server; they can be gone on with when that is over. */
    leaveAll(reason: unknown) {
      for (const { leave } of tasks.values()) leave.abort(reason);
    },
    forget: (id: string) => void tasks.delete(id),
    /** The ids of the batches with which something is done as a whole. */
    listBusy: (): ReadonlySet<string> =>
      new Set([...tasks].flatMap(([id, { isBusy }]) => (isBusy ? [id] : []))),
    /** Requests of a key that are under way. */
    countItems: (keyId: string): number =>
      [...tasks.values()].reduce(
        (sum, task) => sum + (task.keyId === keyId ? task.items.size : 0),
        0,
      ),
    hold,
    /**
     * Does something with a whole batch. What fails is not `onDone`: begun again at once, on a disk that takes
     * nothing it would fail without end and let nothing else run.
     */
    occupy(task: Task, work: () => Promise<void>, onDone: () => void) {
      task.isBusy = true;
      const doAll = async () => {
        try {
          await work();
        } finally {
          task.isBusy = false;
        }
        onDone();
      };
      hold(doAll());
    },
    /** Resolves when nothing is under way, or after a moment. */
    settle: () => within(Promise.all(underWay), LAST_WORDS_MS),
  };
}

/** Whether it was left, and nothing of it goes on any more. */
function isOver({ leave, items, isBusy }: Task) {
  return leave.signal.aborted && items.size === 0 && !isBusy;
}

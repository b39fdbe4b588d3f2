import { RunError } from '../run-error.ts';
import { within } from '../common/within.ts';
import { createPage, type KeepParts, type RunRecord } from './keep-event.ts';
import type { PendingInputs } from './pending-inputs.ts';
import type { NewRun, RecorderOptions } from './recorder.ts';
import { createRunLine } from './run-line.ts';
import type { BegunRun, RunEnding, RunStore } from './run-store.ts';

/** A run in the background that has not begun when the server ends is left to another one. */
export type Ending = Omit<RunEnding, 'endedAt'> | 'put off';

type LiveRun = RunRecord & {
  isUnread: boolean;
  stop: AbortController;
  /** Resolves when it has ended, and that is on record, unless the store is away. */
  over: PromiseWithResolvers<void>;
  /** Resolves when nothing more of it will be put on record. */
  recorded: PromiseWithResolvers<void>;
};

type LiveRunsOptions = Pick<
  RecorderOptions,
  'store' | 'serverId' | 'writes' | 'maxBytesPerKey' | 'now' | 'tellNews'
> &
  Pick<KeepParts, 'tellChange'> & { inputs: Pick<PendingInputs, 'end'> };

/** Time for runs that are cut off to be put on record, in milliseconds. */
const LAST_WORDS_MS = 2000;

/** Keeps the runs that go on, each on record from its beginning to its end. */
export function createLiveRuns(options: LiveRunsOptions) {
  const { store, serverId: server, writes, now, tellChange } = options;
  const live = new Map<string, LiveRun>();
  const addUnread = createAddUnread(options);
  const recordEnd = createRecordEnd(options, (id) => live.delete(id));

  const forget = ({ id, over, recorded }: LiveRun) => {
    live.delete(id);
    over.resolve();
    recorded.resolve();
  };

  return {
    has: (id: string) => live.has(id),
    /**
     * Begins a record. Throws for a run that nobody reads, when it cannot be put on record, and `queue-full` when too
     * many of these go on.
     */
    async open(details: NewRun): Promise<LiveRun> {
      const self = toLiveRun(details, options);
      const { id, line, isUnread } = self;
      live.set(id, self);
      const run = { ...toBegun(details), createdAt: now(), server };
      const adding = isUnread
        ? addUnread(run, details)
        : line.write(() => store.add(run, Infinity));
      if (isUnread) {
        await adding.catch((error: unknown) => {
          forget(self);
          throw error;
        });
      }
      void line.write(async () => {
        // One that waited for its turn when an earlier server ended is known.
        if ((await adding) === 'added') await tellChange(id, []);
      });
      await line.flushed();
      return self;
    },
    async close(self: LiveRun, ending: Ending): Promise<void> {
      const { line, isUnread, over, recorded } = self;
      void recordEnd(self, ending).finally(recorded.resolve);
      await (isUnread ? recorded.promise : Promise.race([recorded.promise, line.stuck]));
      over.resolve();
    },
    /** Resolves when the run has ended. */
    cancel: async (id: string): Promise<void> => {
      const self = live.get(id);
      self?.stop.abort(new RunError('cancelled', 'The run was cancelled.'));
      await self?.over.promise;
    },
    /** Ends all for this reason; resolves when they are on record, or ought to be. */
    endAll: async (reason: unknown): Promise<void> => {
      const all = [...live.values()];
      writes.hurry();
      for (const { stop } of all) stop.abort(reason);
      await within(Promise.all(all.map(({ recorded }) => recorded.promise)), LAST_WORDS_MS);
    },
  };
}

function toLiveRun(
  { request, isUnread = false }: NewRun,
  { store, writes, tellNews }: LiveRunsOptions,
): LiveRun {
  const { requestId: id, keyId } = request.caller;
  const line = createRunLine(writes);
  return {
    id,
    keyId,
    line,
    page: createPage(store, { id, line }, () => tellNews(id)),
    isUnread,
    stop: new AbortController(),
    over: Promise.withResolvers(),
    recorded: Promise.withResolvers(),
  };
}

function toBegun({ request, body, isBackground, resumedFrom }: NewRun) {
  const { caller, model } = request;
  return { id: caller.requestId, keyId: caller.keyId, model, body, isBackground, resumedFrom };
}

/** Makes what puts a run on record that does not begin without that. */
function createAddUnread({ store, writes }: LiveRunsOptions) {
  return async (run: BegunRun, { mostUnread = Infinity, wasPutOff = false }: NewRun) => {
    const outcome = await store.add(run, mostUnread).catch((error: unknown) => {
      // The store may have it, and only its answer was lost; the caller is told that there is no such run.
      if (!wasPutOff) void writes.write(() => store.remove(run.id));
      throw error;
    });
    if (outcome === 'full') throw toQueueFull();
    return outcome;
  };
}

/** Makes what puts the end of a run on record, and tells of it. */
function createRecordEnd(options: LiveRunsOptions, forget: (id: string) => void) {
  const { store, inputs, maxBytesPerKey, now, tellChange, tellNews } = options;
  return async ({ id, keyId, line, page }: LiveRun, ending: Ending) => {
    inputs.end(id, line);
    if (ending === 'put off') await line.write(() => store.giveBack(id));
    else {
      const whole = { ...ending, endedAt: now() };
      const last = page.takeRest();
      const isFirst = await line.write(() => store.end(id, whole, last));
      // Told even if it could not be stored, but not when another server ended it.
      if (isFirst !== false) await line.write(() => tellChange(id, []));
    }
    forget(id);
    tellNews(id);
    await line.write(() => makeRoom(store, keyId, maxBytesPerKey));
  };
}

function toQueueFull() {
  return new RunError('queue-full', 'Too many runs of this key wait in the background already.');
}

async function makeRoom(store: RunStore, keyId: string, maxBytes: number) {
  for (const id of await store.listBeyond(keyId, maxBytes)) await store.remove(id);
}

import { RunError } from '../run-error.ts';
import { within } from '../common/within.ts';
import type { NewRun, RecorderOptions } from './recorder.ts';
import type { RunEnding, RunStore } from './run-store.ts';

/** A run in the background that has not begun when the server ends is left to another one. */
export type Ending = Omit<RunEnding, 'endedAt'> | 'put off';

type LiveRun = { stop: AbortController; over: PromiseWithResolvers<void> };

type LiveRunsOptions = Pick<
  RecorderOptions,
  'store' | 'serverId' | 'inputs' | 'maxBytesPerKey' | 'now'
> & {
  /** Does what may fail without harm to the run. */
  attempt: (work: () => void) => void;
  /** Tells that something is new of a run, and whether its state is another one. */
  tell: (id: string, hasChanged: boolean) => void;
};

/** Time for runs that are cut off to be put on record, in milliseconds. */
const LAST_WORDS_MS = 2000;

/** Keeps the runs that go on, each on record from its beginning to its end. */
export function createLiveRuns(options: LiveRunsOptions) {
  const { store, serverId: server, inputs, maxBytesPerKey, now, attempt, tell } = options;
  const live = new Map<string, LiveRun>();

  return {
    has: (id: string) => live.has(id),
    /** Returns what stops the run. Throws for one that nobody reads, when it cannot be put on record. */
    open({ request, body, isBackground, isUnread, resumedFrom }: NewRun) {
      const { requestId: id, keyId } = request.caller;
      const { model } = request;
      const add = () => {
        // A run that waited for its turn when an earlier server ended is there already.
        if (store.read(id)) return;
        store.add({ id, keyId, createdAt: now(), isBackground, model, resumedFrom, body, server });
        tell(id, true);
      };
      if (isUnread) add();
      else attempt(add);
      const stop = new AbortController();
      live.set(id, { stop, over: Promise.withResolvers() });
      return stop;
    },
    close(id: string, keyId: string, ending: Ending) {
      const self = live.get(id);
      live.delete(id);
      attempt(() => {
        inputs.end(id);
        if (ending === 'put off') store.giveBack(id);
        else store.end(id, { ...ending, endedAt: now() });
      });
      // Who follows the run is told, even if its end could not be stored.
      attempt(() => tell(id, ending !== 'put off'));
      attempt(() => makeRoom(store, keyId, maxBytesPerKey));
      self?.over.resolve();
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
      for (const { stop } of all) stop.abort(reason);
      await within(Promise.all(all.map(({ over }) => over.promise)), LAST_WORDS_MS);
    },
  };
}

function makeRoom(store: RunStore, keyId: string, maxBytes: number) {
  let bytes = 0;
  for (const size of store.listSizes(keyId)) {
    bytes += size.bytes;
    if (bytes > maxBytes) store.remove(size.id);
  }
}

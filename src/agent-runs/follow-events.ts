import { addAbortListener } from 'node:events';

import { within } from '../common/within.ts';
import type { Announcements } from './announcements.ts';
import type { RunStore, StoredEvent } from './run-store.ts';

export type Following = {
  store: Pick<RunStore, 'listEvents'>;
  /** Told of each new event of a run, by the run's id. */
  news: Pick<Announcements<string, void>, 'listen'>;
  /** Where more may come from: this server tells, another one must be looked for; `undefined` when no more will come. */
  whereIs: (id: string) => Promise<'here' | 'elsewhere' | undefined>;
};

/**
 * Reads the events of a key's run behind the one with this id: those that are kept, then those that come. Throws
 * `not-found` for another key's run as for none.
 */
export type FollowRun = (
  id: string,
  keyId: string,
  after: number,
  signal: AbortSignal,
) => AsyncIterable<StoredEvent>;

/** How often it is looked for events of a run that another server carries out and does not tell of, in milliseconds. */
const LOOK_MS = 500;

/** Events read from the file at once. */
const PAGE = 200;

/** The events of a run behind the one with this id: those that are kept, then those that come. */
export async function* followEvents(
  { store, news, whereIs }: Following,
  id: string,
  after: number,
  signal: AbortSignal,
): AsyncIterable<StoredEvent> {
  let told = Promise.withResolvers<void>();
  const leave = news.listen(id, () => told.resolve());
  using _listener = addAbortListener(signal, () => told.resolve());
  try {
    for (let last = after; ;) {
      told = Promise.withResolvers();
      const place = await whereIs(id);
      const events = await store.listEvents(id, last, PAGE);
      for (const event of events) yield event;
      last = events.at(-1)?.id ?? last;
      const isAll = events.length < PAGE;
      if (signal.aborted || (isAll && place === undefined)) return;
      if (isAll && place === 'here') await told.promise;
      if (isAll && place === 'elsewhere') await within(told.promise, LOOK_MS);
    }
  } finally {
    leave();
  }
}

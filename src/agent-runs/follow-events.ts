import type { Announcements } from './announcements.ts';
import type { StoredEvent } from './event-store.ts';
import type { RunStore } from './run-store.ts';

export type Following = {
  store: Pick<RunStore, 'listEvents'>;
  /** Told of each new event of a run, by the run's id. */
  news: Pick<Announcements<string, void>, 'next'>;
  /** Whether no more will come. */
  hasEnded: (id: string) => boolean;
};

/** Reads the events of a key's run behind the one with this id: those that are kept, then those that come. */
export type FollowRun = (
  id: string,
  keyId: string,
  after: number,
  signal: AbortSignal,
) => AsyncIterable<StoredEvent>;

/** Events read from the file at once. */
const PAGE = 200;

/** The events of a run behind the one with this id: those that are kept, then those that come. */
export async function* followEvents(
  { store, news, hasEnded }: Following,
  id: string,
  after: number,
  signal: AbortSignal,
): AsyncIterable<StoredEvent> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  try {
    for (let last = after; ;) {
      const next = news.next(id, either);
      const isLast = hasEnded(id);
      const events = store.listEvents(id, last, PAGE);
      for (const event of events) yield event;
      last = events.at(-1)?.id ?? last;
      const isAll = events.length < PAGE;
      if (signal.aborted || (isLast && isAll)) return;
      if (isAll) await next;
    }
  } finally {
    left.abort();
  }
}

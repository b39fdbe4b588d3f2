import { setTimeout as delay } from 'node:timers/promises';

import type { Announcements } from './announcements.ts';
import type { StoredEvent } from './event-store.ts';
import type { RunStore } from './run-store.ts';

export type Following = {
  store: Pick<RunStore, 'listEvents'>;
  /** Told of each new event of a run, by the run's id. */
  news: Pick<Announcements<string, void>, 'next'>;
  /** Where more may come from: this server tells, another one must be looked for; `undefined` when no more will come. */
  whereIs: (id: string) => 'here' | 'elsewhere' | undefined;
};

/** Reads the events of a key's run behind the one with this id: those that are kept, then those that come. */
export type FollowRun = (
  id: string,
  keyId: string,
  after: number,
  signal: AbortSignal,
) => AsyncIterable<StoredEvent>;

/** How often it is looked for events of a run that another server carries out, in milliseconds. */
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
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  try {
    for (let last = after; ;) {
      const place = whereIs(id);
      const next = place === 'here' ? news.next(id, either) : undefined;
      const events = store.listEvents(id, last, PAGE);
      for (const event of events) yield event;
      last = events.at(-1)?.id ?? last;
      const isAll = events.length < PAGE;
      if (signal.aborted || (isAll && place === undefined)) return;
      if (isAll)
        await (next ?? delay(LOOK_MS, undefined, { signal: either }).catch(() => undefined));
    }
  } finally {
    left.abort();
  }
}

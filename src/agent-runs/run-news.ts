import type { Webhooks } from '../webhooks/create-webhooks.ts';
import { createAnnouncements } from './announcements.ts';
import type { RunState, RunStore, StoredRun } from './run-store.ts';
import { createTellWebhook } from './tell-webhook.ts';

/** A change of state, for those who watch all runs of a key. */
export type RunChange = { runId: string; sessionId: string | undefined; state: RunState };

type RunNewsOptions = {
  store: Pick<RunStore, 'read'>;
  /** How callers' own servers are told of changes. */
  webhooks: Pick<Webhooks, 'send'>;
};

/** Makes what tells of runs: those who follow one, those who watch a key's, and its webhook. */
export function createRunNews({ store, webhooks }: RunNewsOptions) {
  const news = createAnnouncements<string>();
  const changes = createAnnouncements<string, RunChange>();
  const tellWebhook = createTellWebhook(webhooks);

  const announce = (run: StoredRun, inputIds: readonly string[]) => {
    changes.announce(run.keyId, toChange(run));
    tellWebhook(run, inputIds);
  };

  return {
    news,
    watch: changes.follow,
    /** Tells that a run has new events, or has ended. */
    tellNews: (id: string) => news.announce(id),
    /** Tells that a run's state is another one, and what it waits for. */
    async tellChange(id: string, inputIds: readonly string[]) {
      const run = await store.read(id);
      if (run) announce(run, inputIds);
    },
    /** Tells of a run that ended without a server at it. */
    onChange(run: StoredRun) {
      announce(run, []);
      news.announce(run.id);
    },
  };
}

function toChange({ id, sessionId, state }: StoredRun): RunChange {
  return { runId: id, sessionId, state };
}

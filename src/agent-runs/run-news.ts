import type { Webhooks } from '../webhooks/create-webhooks.ts';
import { createAnnouncements } from './announcements.ts';
import type { RunPeers, RunTold } from './run-peers.ts';
import type { RunState, RunStore, StoredRun } from './run-store.ts';
import { createTellWebhook } from './tell-webhook.ts';

/** A change of state, for those who watch all runs of a key. */
export type RunChange = { runId: string; sessionId: string | undefined; state: RunState };

type RunNewsOptions = {
  store: Pick<RunStore, 'read'>;
  /** How callers' own servers are told of changes. */
  webhooks: Pick<Webhooks, 'send'>;
  /** Other servers, whose callers are told, too. Its webhook hears of a run from one server only. */
  peers: Pick<RunPeers, 'tell'> | undefined;
};

/** Makes what tells of runs: those who follow one, those who watch a key's, and its webhook. */
export function createRunNews({ store, webhooks, peers }: RunNewsOptions) {
  const news = createAnnouncements<string>();
  const changes = createAnnouncements<string, RunChange>();
  const tellWebhook = createTellWebhook(webhooks);

  const announce = (run: StoredRun, inputIds: readonly string[]) => {
    const what = toChange(run);
    changes.announce(run.keyId, what);
    peers?.tell({ id: run.id, change: { keyId: run.keyId, what } });
    tellWebhook(run, inputIds);
  };

  const tellNews = (id: string) => {
    news.announce(id);
    peers?.tell({ id });
  };

  return {
    news,
    watch: changes.follow,
    /** Tells that a run has new events, or has ended. */
    tellNews,
    /** Hears what another server tells. */
    hear: ({ id, change }: RunTold) => {
      if (change) changes.announce(change.keyId, change.what);
      else news.announce(id);
    },
    /** Tells that a run's state is another one, and what it waits for. */
    async tellChange(id: string, inputIds: readonly string[]) {
      const run = await store.read(id);
      if (run) announce(run, inputIds);
    },
    /** Tells of a run that ended without a server at it. */
    onChange(run: StoredRun) {
      announce(run, []);
      tellNews(run.id);
    },
  };
}

function toChange({ id, sessionId, state }: StoredRun): RunChange {
  return { runId: id, sessionId, state };
}

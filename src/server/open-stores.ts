import { join } from 'node:path';

import type { Backend } from '../backend.ts';
import type { Config } from '../config.ts';
import { toInterruptedResponse } from '../dialects/openai-responses/to-response.ts';
import type { Log } from '../http/log-request.ts';
import type { ReadTags } from '../layers/idle-sessions/idle-sessions.ts';
import { openRecords } from './open-records.ts';
import { openResponses } from '../responses/open-responses.ts';
import { NO_TRANSCRIPTS } from '../sessions/session-transcript.ts';
import { createClusterLocks } from '../sessions/cluster-locks.ts';
import { createSessions } from '../sessions/session-book.ts';
import { createSharedLocks } from '../sessions/shared-locks.ts';
import { createSharedStore } from '../sessions/shared-store.ts';
import { createSqliteStore } from '../sessions/sqlite-store.ts';
import { createPatientWrites, PATIENCE_MS } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';
import { joinServers } from '../state/running-servers.ts';

type StoresParts = {
  /** Where sessions are written down. */
  transcripts: Backend['transcripts'];
  /** What a key asks of whoever works for it. */
  readTags: ReadTags;
  /** Texts that nothing kept may hold. */
  secrets: readonly string[];
  /** What the servers of a cluster share. */
  shared: SharedState | undefined;
  log: Log;
};

/** What is kept, keys and their counters aside: in the state folder, or by the cluster. */
export async function openStores(
  config: Config,
  { transcripts = NO_TRANSCRIPTS, readTags, secrets, shared, log }: StoresParts,
) {
  const server = joinServers(join(config.stateDir, 'servers'));
  const { store, locks } = openSessionParts(config, { shared, log });
  const onSessionProblem = (error: unknown) =>
    log.error({ err: error }, 'a session could not be recorded');
  const writes = createPatientWrites({
    patienceMs: shared ? PATIENCE_MS : 0,
    onProblem: onSessionProblem,
  });
  const sessions = createSessions({
    store,
    ttlMs: config.sessionTtlMs,
    maxPerKey: config.maxSessionsPerKey,
    locks,
    removeTranscript: transcripts.remove,
    readTranscript: async ({ id, keyId }, limit) =>
      transcripts.read({ id, tags: await readTags(keyId) }, limit),
    onProblem: onSessionProblem,
    writes,
    now: shared?.now ?? Date.now,
  });
  const responses = await openResponses({
    config,
    log,
    shared,
    server,
    toEnded: toInterruptedResponse,
  });
  const records = await openRecords(config, { secrets, shared, log });
  return {
    server,
    sessions,
    responses,
    ...records,
    async removeExpired() {
      records.history.removeExpired();
      await Promise.all([sessions.removeExpired(), responses.book.removeExpired()]);
    },
    async close() {
      await writes.close();
      await store.close();
      await records.close();
      server.close();
    },
  };
}

/** Where sessions are kept and locked: in the state folder, or by the cluster. */
function openSessionParts(config: Config, { shared, log }: Pick<StoresParts, 'shared' | 'log'>) {
  const onProblem = (error: unknown) => log.error({ err: error }, 'a session could not be locked');
  if (shared) {
    return {
      store: createSharedStore({ shared, ttlMs: config.sessionTtlMs }),
      locks: createClusterLocks({ shared, leaseMs: config.workerLockMs, onProblem }),
    };
  }
  return {
    store: createSqliteStore({
      file: join(config.stateDir, 'sessions.db'),
      onSetAside: (report) => log.error(report, 'the session database was damaged and set aside'),
    }),
    locks: createSharedLocks({ folder: join(config.stateDir, 'session-locks'), onProblem }),
  };
}

import { join } from 'node:path';

import type { Config } from '../config.ts';
import { createWebhooks } from '../webhooks/create-webhooks.ts';
import { createPatientWrites, PATIENCE_MS } from '../state/patient-writes.ts';
import { joinCluster } from '../state/shared-servers.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { InputOptions } from './pending-inputs.ts';
import type { LimitsOf } from './run-clock.ts';
import { createRunBook, type RunBook, type RunBookOptions } from './run-book.ts';
import { createSharedPeers } from './shared/shared-peers.ts';
import { createSharedRunStore } from './shared/shared-run-store.ts';
import { createRunStore } from './sqlite/create-run-store.ts';

export type OpenRunsOptions = {
  config: Pick<
    Config,
    | 'stateDir'
    | 'runTtlMs'
    | 'maxRunBytesPerKey'
    | 'maxBackgroundRunsPerKey'
    | 'backgroundTimeoutMs'
    | 'approvalTimeoutMs'
    | 'maxWaitingRunsPerKey'
    | 'webhookAllowedHosts'
    | 'workerLockMs'
  >;
  /** This one among the servers of the state folder. */
  server: NonNullable<RunBookOptions['server']>;
  /** What the servers of a cluster share. Default: this one has its own. */
  shared?: SharedState | undefined;
  /** Names this server among those of a cluster of all times, for the workers, too. Default: a new name. */
  front?: string | undefined;
  inputs: Pick<InputOptions, 'steering' | 'check' | 'checkPaths' | 'takeRoom'>;
  checkRequest: RunBookOptions['checkRequest'];
  limitsOf: LimitsOf;
  log: Record<'warn' | 'error', (details: object, message: string) => void>;
};

/** Opens the runs: in the state folder, or those of a cluster. What a dead server left unfinished is this one's to see to. */
export async function openRuns(options: OpenRunsOptions): Promise<RunBook> {
  const { config, shared, inputs, checkRequest, limitsOf, log } = options;
  const onProblem = (error: unknown) =>
    log.error({ err: error }, 'a run could not be put on record');
  const { leave, ...place } = shared ? await openThose(options, shared) : openOwn(options);
  const book = createRunBook({
    ...place,
    writes: createPatientWrites({ patienceMs: shared ? PATIENCE_MS : 0, onProblem }),
    ttlMs: config.runTtlMs,
    maxBytesPerKey: config.maxRunBytesPerKey,
    maxBackgroundPerKey: config.maxBackgroundRunsPerKey,
    backgroundTimeoutMs: config.backgroundTimeoutMs,
    checkRequest,
    limitsOf,
    now: shared?.now ?? Date.now,
    inputs: {
      ...inputs,
      timeoutMs: config.approvalTimeoutMs,
      maxPerKey: config.maxWaitingRunsPerKey,
    },
    webhooks: createWebhooks({
      allowedHosts: config.webhookAllowedHosts,
      onGivenUp: ({ subject, ...report }) =>
        log.warn({ ...report, runId: subject }, 'a webhook could not be told'),
    }),
    onProblem: (error) => log.error({ err: error }, 'a run could not be ended'),
  });
  await book.listen();
  await book.takeOver();
  return {
    ...book,
    async close(reason) {
      await book.close(reason);
      await leave();
    },
  };
}

/** Those of this server's folder. */
function openOwn({ config, server, log }: OpenRunsOptions) {
  const store = createRunStore({
    file: join(config.stateDir, 'runs.db'),
    onSetAside: (report) => log.error(report, 'the run database was damaged and set aside'),
  });
  return { store, server, peers: undefined, leave: () => Promise.resolve() };
}

/** Those of a cluster. */
async function openThose({ config, front, log }: OpenRunsOptions, shared: SharedState) {
  const onProblem = (error: unknown) =>
    log.error({ err: error }, 'other servers are not told of the runs of this one');
  const server = await joinCluster({
    shared,
    id: front,
    leaseMs: config.workerLockMs,
    onProblem,
  });
  return {
    store: createSharedRunStore({ shared, server: server.id, ttlMs: config.runTtlMs }),
    server: { ...server, isAlone: false },
    peers: createSharedPeers({ shared, server, onProblem }),
    leave: server.close,
  };
}

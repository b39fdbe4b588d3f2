import { join } from 'node:path';

import type { Config } from '../config.ts';
import { createWebhooks } from '../webhooks/create-webhooks.ts';
import type { InputOptions } from './pending-inputs.ts';
import type { LimitsOf } from './run-clock.ts';
import { createRunBook, type RunBook, type RunBookOptions } from './run-book.ts';
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
    | 'maxProcesses'
    | 'workerConcurrency'
    | 'webhookAllowedHosts'
  >;
  server: NonNullable<RunBookOptions['server']>;
  inputs: Pick<InputOptions, 'steering' | 'check'>;
  checkRequest: RunBookOptions['checkRequest'];
  limitsOf: LimitsOf;
  log: Record<'warn' | 'error', (details: object, message: string) => void>;
};

/** Opens the runs in the state folder. What a dead server left unfinished is this one's to see to. */
export async function openRuns(options: OpenRunsOptions): Promise<RunBook> {
  const { config, server, inputs, checkRequest, limitsOf, log } = options;
  const store = createRunStore({
    file: join(config.stateDir, 'runs.db'),
    onSetAside: (report) => log.error(report, 'the run database was damaged and set aside'),
  });
  const book = createRunBook({
    store,
    server,
    ttlMs: config.runTtlMs,
    maxBytesPerKey: config.maxRunBytesPerKey,
    maxBackgroundPerKey: config.maxBackgroundRunsPerKey,
    backgroundTimeoutMs: config.backgroundTimeoutMs,
    checkRequest,
    limitsOf,
    inputs: {
      ...inputs,
      timeoutMs: config.approvalTimeoutMs,
      maxPerKey: config.maxWaitingRunsPerKey,
      // Others can work beside those that wait.
      max: Math.max(1, config.maxProcesses - config.workerConcurrency),
    },
    webhooks: createWebhooks({
      allowedHosts: config.webhookAllowedHosts,
      onGivenUp: ({ subject, ...report }) =>
        log.warn({ ...report, runId: subject }, 'a webhook could not be told'),
    }),
    onProblem: (error) => log.error({ err: error }, 'a run could not be ended'),
  });
  await book.takeOver();
  return book;
}

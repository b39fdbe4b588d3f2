import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import type { Config } from '../config.ts';
import { createWebhooks } from '../webhooks/create-webhooks.ts';
import { type AlertOptions, createAlerts } from './create-alerts.ts';

export type OpenAlertsOptions = Pick<AlertOptions, 'readTroubles'> & {
  config: Pick<Config, 'stateDir' | 'alertWebhook' | 'alertWebhookSecret' | 'webhookAllowedHosts'>;
  /** How often it looks, in milliseconds. Default: every ten seconds. */
  lookMs?: number;
  /** The server's own version. */
  version: string;
  log: Record<'warn' | 'error', (details: object, message: string) => void>;
};

const LOOK_MS = 10_000;

const Raised = z.array(z.object({ name: z.string(), advice: z.string(), since: z.string() }));

/** Begins to look what needs a person, if the operator wants to be told; returns what ends it. */
export function openAlerts({
  config,
  version,
  log,
  readTroubles,
  lookMs = LOOK_MS,
}: OpenAlertsOptions): () => Promise<void> {
  const { alertWebhook: url, alertWebhookSecret: secret } = config;
  if (url === undefined || secret === undefined) return () => Promise.resolve();
  const alerts = createAlerts({
    webhook: { url, secret },
    webhooks: createWebhooks({
      // The operator says where it is, and may have it at home.
      allowedHosts: [...config.webhookAllowedHosts, new URL(url).hostname],
      onGivenUp: ({ subject: alert, ...report }) =>
        log.warn({ ...report, alert }, 'an alert could not be told'),
    }),
    readTroubles,
    store: createStore(join(config.stateDir, 'alerts.json')),
    source: { host: hostname(), version },
    onProblem: (error) => log.error({ err: error }, 'it could not be seen what needs a person'),
  });
  const timer = setInterval(() => void alerts.look(), lookMs).unref();
  void alerts.look();
  return async () => {
    clearInterval(timer);
    await alerts.close();
  };
}

/** A file that cannot be read holds nothing; on a full disk it is told again after a restart. */
function createStore(file: string): AlertOptions['store'] {
  return {
    read() {
      try {
        return Raised.parse(JSON.parse(readFileSync(file, 'utf8')));
      } catch {
        return [];
      }
    },
    write: (raised) => writeFileSync(file, JSON.stringify(raised), { mode: 0o600 }),
  };
}

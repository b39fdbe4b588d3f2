import { hostname } from 'node:os';

import { Hono } from 'hono';

import { listen } from '../http/listen.ts';
import { createLog, listSecrets } from '../observation/create-log.ts';
import { createMetrics } from '../observation/metrics.ts';
import { createWorkerCounter, type WorkerCounter } from '../observation/cluster-metrics.ts';
import { listClusterSecrets, openOwnWorker, type OpenedWorker } from './open-backend.ts';
import { openServerTracing } from './open-server-tracing.ts';
import type { ServerOptions } from './server-parts.ts';

export type RunningWorker = {
  url: string;
  cliStatus: { loggedIn: boolean | undefined; account: string | undefined };
  /** Takes no more, lets running requests finish within the grace, hands back what it can. */
  stop: (reason: string) => Promise<void>;
};

/** Starts a worker of a cluster: no HTTP but health and metrics. Throws when Redis does not answer. */
export async function startWorker(options: ServerOptions): Promise<RunningWorker> {
  const { config, environment } = options;
  const log = createLog({
    level: config.logLevel,
    secrets: [...listClusterSecrets(config), ...listSecrets(environment)],
  });
  const removed = Promise.withResolvers<string>();
  const tracing = await openServerTracing(config, options.version, log);
  const runs = createWorkerCounter();
  const own = await openOwnWorker(options, {
    log,
    tracing,
    observer: runs.observer,
    onRemove: () => removed.resolve('an admin removed this worker'),
  });
  const drain = { isOn: false };
  const app = createWorkerApp(own, options, { drain, runs });
  const listening = await listen({
    fetch: app.fetch,
    host: config.host,
    port: config.port,
    maxMessageBytes: config.maxBodyBytes,
    requestTimeoutMs: config.requestTimeoutMs,
  }).catch(async (error: unknown) => {
    await own.close(0);
    throw error;
  });
  await own.removeLeftBehind();
  const status = await own.backend.readStatus().catch((error: unknown) => {
    log.warn({ err: error }, 'the claude CLI did not tell its status');
  });

  async function stopOnce(reason: string) {
    log.info({ reason }, 'leaving the cluster');
    drain.isOn = true;
    await own.close(config.shutdownGraceMs);
    listening.cut();
    await listening.drain();
    await tracing?.close();
  }

  let stopping: Promise<void> | undefined;
  const stop = (reason: string) => (stopping ??= stopOnce(reason));
  void removed.promise.then(stop);
  return {
    url: listening.url,
    cliStatus: { loggedIn: status?.isLoggedIn, account: status?.account },
    stop,
  };
}

/** Whether it works, and how much: no key is needed, as nothing secret is told. */
function createWorkerApp(
  { worker, backend, restarts }: OpenedWorker,
  { config, version }: ServerOptions,
  { drain, runs }: { drain: { isOn: boolean }; runs: WorkerCounter },
) {
  const startedAt = performance.now();
  const queue = () => ({
    running: worker.count(),
    waiting: 0,
    concurrency: config.workerConcurrency,
  });
  const metrics = createMetrics({
    queue,
    processes: () => backend.counts().processes,
    runner: () => ({ ...backend.counts(), restarts: restarts() }),
    worker: { id: worker.id, host: hostname(), outcomes: runs.outcomes },
    withNodeMetrics: true,
  });
  return new Hono()
    .get('/health', (c) => {
      const uptimeSeconds = Math.floor((performance.now() - startedAt) / 1000);
      return c.json({ status: 'ok', role: 'worker', version, uptimeSeconds, queue: queue() });
    })
    .get('/ready', (c) => {
      const isLost = worker.isUp() ? [] : ['redis-lost'];
      const reasons = [...isLost, ...(drain.isOn ? ['draining'] : [])];
      const isReady = reasons.length === 0;
      return c.json({ status: isReady ? 'ready' : 'not-ready', reasons }, isReady ? 200 : 503);
    })
    .get('/metrics', async (c) =>
      c.body(await metrics.render(), 200, { 'content-type': metrics.contentType }),
    );
}

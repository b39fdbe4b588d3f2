import { setTimeout as delay } from 'node:timers/promises';

import { leadsBack } from './claude/launch/leads-back.ts';
import { listen } from './http/listen.ts';
import { RunError, toShutdown } from './run-error.ts';
import { createServerParts, type ServerOptions } from './server/server-parts.ts';

export type { ServerOptions };
export { startWorker } from './server/start-worker.ts';

export type RunningServer = {
  url: string;
  cliStatus: { loggedIn: boolean | undefined; account: string | undefined };
  /** Lets running requests finish within the grace, then ends everything that was started; the first call counts. */
  stop(reason: string): Promise<void>;
};

/** How often forgotten sessions and responses are looked for, in milliseconds. */
const SWEEP_MS = 60_000;

/** How often it is looked whether another server of the state folder, or the cluster, died; in milliseconds, and at most. */
const LOOK_MS = 5000;

/** How often it is looked how full the server is, in milliseconds. */
const SAMPLE_MS = 10_000;

/** Time for cut-off runs to tell their callers so, in milliseconds. */
const LAST_WORDS_MS = 2000;

/**
 * The composition root: the only place that sees both HTTP and the runner. Throws the system's error
 * when the port cannot be had, and one sentence when the CLI's API address is this server itself.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config } = options;
  refuseCircle(options);
  const parts = await createServerParts(options);
  const listening = await listen({
    fetch: parts.app.fetch,
    host: config.host,
    port: config.port,
    maxMessageBytes: config.maxBodyBytes,
    requestTimeoutMs: config.requestTimeoutMs,
  }).catch(async (error: unknown) => {
    await parts.close();
    throw error;
  });
  await parts.removeLeftBehind();
  await parts.removeExpired();
  parts.noteStarted();
  const timers = [
    setInterval(() => void parts.removeExpired(), SWEEP_MS).unref(),
    setInterval(() => void parts.takeOver(), Math.min(LOOK_MS, config.workerLockMs / 2)).unref(),
    setInterval(parts.sample, SAMPLE_MS).unref(),
  ];
  const status = await parts.readCliStatus().catch((error: unknown) => {
    const what = error instanceof RunError ? { reason: error.message } : { err: error };
    parts.log.warn(what, 'the claude CLI did not tell its status');
  });

  async function stopOnce(reason: string) {
    parts.log.info({ reason }, 'stopping');
    timers.forEach((timer) => clearInterval(timer));
    parts.drain.isOn = true;
    parts.gate.close();
    parts.responses.stop();
    const drained = listening.drain();
    await Promise.race([drained, delay(config.shutdownGraceMs, undefined, { ref: false })]);
    parts.stopped.abort(toShutdown());
    await Promise.race([drained, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    listening.cut();
    await drained;
    await parts.close();
  }

  let stopping: Promise<void> | undefined;
  return {
    url: listening.url,
    cliStatus: { loggedIn: status?.isLoggedIn, account: status?.account },
    stop: (reason) => (stopping ??= stopOnce(reason)),
  };
}

function refuseCircle({ config, environment }: ServerOptions) {
  const baseUrl = environment['ANTHROPIC_BASE_URL'];
  if (!leadsBack(baseUrl, config)) return;
  throw new Error(
    `ANTHROPIC_BASE_URL is ${baseUrl}, which is this server itself: every run would start a CLI that calls the proxy. Unset it, or choose another --port.`,
  );
}

import type { Config } from '../config.ts';
import { findClaude } from '../claude/launch/find-claude.ts';
import { readOrCreateKey, toKeyFile } from '../keys/proxy-key.ts';
import { openStateFolder } from '../state/state-folder.ts';
import { type ProxyKey, toBanner, toBannerJson, toWorkerBanner } from './banner.ts';
import { toSettings } from './command.ts';
import type { Demo } from './demo.ts';
import type { Flags } from './flags.ts';
import { readSettings, type SettingSources } from './read-settings.ts';
import { refuseOpenDemo, refuseOpenWithoutKey } from './refuse-open.ts';

export type StartOptions = SettingSources & {
  flags: Flags;
  /** The version of this package. */
  version: string;
};

export type Started = { banner: string; stop(reason: string): Promise<void> };

/** Brings everything up in order. Throws an error of one sentence, or one line for each bad setting. */
export async function start(options: StartOptions): Promise<Started> {
  const { flags } = options;
  const config = await readSettings(options, { ...toSettings(flags), ROLE: flags.role });
  if (!flags.isDemo) {
    if (config.role !== 'worker') await refuseOpenWithoutKey(config); // it asks for none
    return startWith(config, options, undefined);
  }
  refuseOpenDemo(config);
  const { startDemo } = await import('./demo.ts');
  const demo = await startDemo(options.environment);
  try {
    return await startWith(demo.toConfig(config), options, demo);
  } catch (error) {
    await demo.stop();
    throw error;
  }
}

async function startWith(
  config: Config,
  { flags: { isDemo, isJson }, environment, version }: StartOptions,
  demo: Demo | undefined,
): Promise<Started> {
  await openStateFolder(config.stateDir);
  const isFront = config.role === 'front';
  const claude = isFront
    ? CLAUDE_ELSEWHERE
    : await findClaude({ claudePath: config.claudePath, environment });
  const isWorker = config.role === 'worker';
  const key = isWorker ? undefined : await readKey(config);
  // Half a second of loading, which a sentence about a wrong setting need not wait for.
  const { startServer, startWorker } = await import('../server.ts');
  const toRunning = isWorker ? startWorker : startServer;
  const server = await toRunning({
    config,
    environment: demo?.environment ?? environment,
    claude,
    proxyKey: key?.key ?? '',
    version,
    isDemo,
  }).catch((error: unknown) => {
    throw toListenError(error, config);
  });
  const { url, cliStatus } = server;
  if (!key) return { banner: toWorkerBanner({ version, url, claude }), stop: server.stop };
  const facts = { version, url, key, claude, cliStatus, isDemo };
  return {
    banner: isJson ? toBannerJson(facts) : toBanner(facts),
    async stop(reason) {
      await server.stop(reason);
      await demo?.stop();
    },
  };
}

/** A front needs no CLI. */
const CLAUDE_ELSEWHERE = { path: 'claude', version: 'on the workers' };

async function readKey({ proxyApiKey, stateDir }: Config): Promise<ProxyKey> {
  return proxyApiKey === undefined
    ? { ...(await readOrCreateKey(stateDir)), file: toKeyFile(stateDir) }
    : { key: proxyApiKey, isNew: false, file: undefined };
}

function toListenError(error: unknown, { host, port }: Config): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new Error(
        `Port ${port} on ${host} is already in use: end the program that uses it, or choose another port with --port.`,
        { cause: error },
      );
    case 'EACCES':
      return new Error(`Port ${port} may not be opened by this user: choose one with --port.`, {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(`${host} is no address of this machine: choose one with --host.`, {
        cause: error,
      });
    default:
      return error;
  }
}

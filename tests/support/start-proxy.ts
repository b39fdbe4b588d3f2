import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { readConfig } from '../../src/config.ts';
import { type Answer, type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { checkToolsArrived } from './check-tools-arrived.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { ServerOptions } from '../../src/server/server-parts.ts';
import { startWorker } from '../../src/server/start-worker.ts';
import { overWire } from './over-wire.ts';

/** `npm run cli-versions` puts other releases here. */
export const CLAUDE =
  process.env['CLAUDE_UNDER_TEST'] ?? join(import.meta.dirname, '../../node_modules/.bin/claude');

/** One process for each request, for tests that count them. */
export const ONE_EACH = { WARM_PROCESSES: '0', REUSE_PROCESSES: 'off' };

/** What a server has that nobody set up: processes started ahead. */
export const WITH_SPARES = { WARM_PROCESSES: '2' };

export const KEY = 'test-key-0123456789';

export type Proxy = {
  url: string;
  /** The loopback model behind the real CLI; `model.requests` is what arrived upstream. */
  model: ModelServer;
  server: RunningServer;
  /** Everything of this proxy on disk: `state`, `home`, `workspace`. */
  folder: string;
  /** How a client reaches it. */
  fetch: typeof fetch;
  /** `fetch` with the key and, when `body` is given, a JSON POST. */
  send(path: string, body?: unknown, init?: RequestInit): Promise<Response>;
  /** Stops the server and starts another one on the same folders and the same model. */
  restart(changes?: Pick<ProxyOptions, 'settings' | 'environment'>): Promise<Proxy>;
  stop(): Promise<void>;
};

export type ProxyOptions = {
  /** What the model says; the demo's answers by default. */
  answer?: Answer;
  /** Settings by the names of their environment variables. */
  settings?: Record<string, string>;
  /** Further variables that the CLI processes' environment is chosen from; `undefined` takes one out. */
  environment?: Record<string, string | undefined>;
  /** A little program instead of the real CLI, for what the real one cannot be made to do. */
  claudePath?: string;
};

/** The real server with the real CLI against the loopback model, in folders of its own. */
export async function startProxy({ answer, ...options }: ProxyOptions = {}): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-test-'));
  await mkdir(join(folder, 'home'));
  const model = await startModelServer(answer && { answer });
  try {
    return await startOn(folder, model, options);
  } catch (error) {
    await cleanUp(folder, model);
    throw error;
  }
}

async function startOn(
  folder: string,
  model: ModelServer,
  { settings = {}, environment = {}, claudePath = CLAUDE }: Omit<ProxyOptions, 'answer'>,
): Promise<Proxy> {
  const home = join(folder, 'home');
  const redisUrl = process.env['RUN_OVER_REDIS'];
  const given = {
    PORT: '0',
    LOG_LEVEL: 'silent',
    // Each costs a start, which most tests have no use for.
    WARM_PROCESSES: '0',
    STATE_DIR: join(folder, 'state'),
    DEFAULT_WORKSPACE_DIR: join(folder, 'workspace'),
    HOME: home,
    ...toClusterSettings(redisUrl, basename(folder)),
    ...settings,
  };
  const options = {
    config: readConfig(given),
    environment: {
      PATH: process.env['PATH'],
      ...toCliEnvironment(folder, model),
      ...environment,
    },
    claude: { path: claudePath, version: 'installed' },
    proxyKey: KEY,
    version: 'test',
    ...(process.env['RUN_OVER_WIRE'] && { wrapBackend: overWire }),
  };
  const worker = redisUrl === undefined ? undefined : await startWorkerOf(options, given);
  const server = await startServer(options).catch(async (error: unknown) => {
    await worker?.stop('its front did not start');
    throw error;
  });
  const stop = async (reason: string) => {
    await server.stop(reason);
    await worker?.stop(reason);
  };

  return {
    url: server.url,
    model,
    server,
    folder,
    fetch,
    send: createCheckedSend(server.url, model, claudePath),
    async restart(changes = {}) {
      await stop('the test starts it again');
      return startOn(folder, model, {
        settings: { ...settings, ...changes.settings },
        environment: { ...environment, ...changes.environment },
        claudePath,
      });
    },
    async stop() {
      await stop('the test is over');
      await cleanUp(folder, model);
    },
  };
}

/** The one worker of a front, on a state folder of its own. */
function startWorkerOf(options: ServerOptions, given: Record<string, string>) {
  const own = { ROLE: 'worker', STATE_DIR: `${given['STATE_DIR']}-of-worker` };
  return startWorker({ ...options, config: readConfig({ ...given, ...own }) });
}

/** Makes each server the front of a cluster of its own, whose runs go through Redis; started again it is in the same one. */
function toClusterSettings(url: string | undefined, prefix: string): Record<string, string> {
  if (url === undefined) return {};
  return { ROLE: 'front', REDIS_URL: url, CLUSTER_SECRET: KEY.repeat(2), CLUSTER_PREFIX: prefix };
}

/** What a CLI needs to ask the loopback model, and nothing of this machine, from a `home` in the folder. */
export function toCliEnvironment(folder: string, model: Pick<ModelServer, 'url'>) {
  const home = join(folder, 'home');
  return {
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_API_KEY: 'dummy',
    ANTHROPIC_BASE_URL: model.url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
  };
}

/** `createSend`, with a look at whether the model got the tools; a stub asks no model. */
function createCheckedSend(url: string, model: ModelServer, claudePath: string): Proxy['send'] {
  const send = createSend(url);
  return async (path, body, init) => {
    const seen = new Set(model.requests);
    const response = await send(path, body, init);
    if (response.status === 200 && claudePath === CLAUDE) {
      checkToolsArrived(
        path,
        body,
        model.requests.filter((request) => !seen.has(request)),
      );
    }
    return response;
  };
}

/** `fetch` with the key and further headers and, when a body is given, a JSON POST. */
export function createSend(
  url: string,
  headers: Record<string, string> = {},
  reach: Proxy['fetch'] = fetch,
): Proxy['send'] {
  return (path, body, init = {}) =>
    reach(url + path, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      ...init,
      headers: {
        authorization: `Bearer ${KEY}`,
        'content-type': 'application/json',
        ...headers,
        ...Object.fromEntries(new Headers(init.headers)),
      },
    });
}

/** Nothing of the model and the folder is left. */
export async function cleanUp(folder: string, model: ModelServer) {
  await model.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // a CLI may still write its last
}

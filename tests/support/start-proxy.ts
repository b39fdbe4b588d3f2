import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readConfig } from '../../src/config.ts';
import { type Answer, type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { type RunningServer, startServer } from '../../src/server.ts';

const CLAUDE = join(import.meta.dirname, '../../node_modules/.bin/claude');

export const KEY = 'test-key-0123456789';

export type Proxy = {
  url: string;
  /** The loopback model behind the real CLI; `model.requests` is what arrived upstream. */
  model: ModelServer;
  server: RunningServer;
  /** Everything of this proxy on disk: `state`, `home`, `workspace`. */
  folder: string;
  /** `fetch` with the key and, when `body` is given, a JSON POST. */
  send(path: string, body?: unknown, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
};

export type ProxyOptions = {
  /** What the model says; the demo's answers by default. */
  answer?: Answer;
  /** Settings by the names of their environment variables. */
  settings?: Record<string, string>;
  /** Further variables that the CLI processes' environment is chosen from. */
  environment?: Record<string, string>;
};

/** The real server with the real CLI against the loopback model, in folders of its own. */
export async function startProxy({
  answer,
  settings = {},
  environment = {},
}: ProxyOptions = {}): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-test-'));
  const home = join(folder, 'home');
  await mkdir(home);
  const model = await startModelServer(answer && { answer });
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    STATE_DIR: join(folder, 'state'),
    DEFAULT_WORKSPACE_DIR: join(folder, 'workspace'),
    HOME: home,
    ...settings,
  });
  const server = await startServer({
    config,
    environment: {
      PATH: process.env['PATH'],
      HOME: home,
      CLAUDE_CONFIG_DIR: join(home, '.claude'),
      ANTHROPIC_API_KEY: 'dummy',
      ANTHROPIC_BASE_URL: model.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      ...environment,
    },
    claude: { path: CLAUDE, version: 'installed' },
    proxyKey: KEY,
    version: 'test',
  });

  return {
    url: server.url,
    model,
    server,
    folder,
    send: (path, body, init = {}) =>
      fetch(server.url + path, {
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
        ...init,
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          ...init.headers,
        },
      }),
    async stop() {
      await server.stop('the test is over');
      await model.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

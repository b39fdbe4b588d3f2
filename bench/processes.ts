import { type ChildProcess, spawn } from 'node:child_process';
import { type EventEmitter, on, once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export const KEY = 'bench-key-0123456789';

const ROOT = join(import.meta.dirname, '..');

export const CLAUDE = join(ROOT, 'node_modules/.bin/claude');

/** Longest wait for the processes that the proxy starts ahead, in milliseconds. */
const QUIET_MS = 10_000;

/** The model server and the proxy, each a process of its own, as in real life. */
export type Stage = {
  modelUrl: string;
  proxyUrl: string;
  proxyPid: number;
  /** The proxy's keys file is in it. */
  stateFolder: string;
  /**
   * Resolves when the processes are up that the proxy starts ahead: a start takes a second of CPU; or
   * after ten seconds, because a server that is full starts none.
   */
  waitUntilQuiet(): Promise<void>;
  /** Resolves with the time at which the model saw the client of a held answer leave. */
  waitUntilClosed(name: string): Promise<number>;
  /** The environment in which a `claude` process asks the model server. */
  claudeEnvironment: Record<string, string>;
  close(): Promise<void>;
};

export async function openStage(settings: Record<string, string> = {}): Promise<Stage> {
  await using opened = new AsyncDisposableStack(); // ends what has started when something does not
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const model = await startModel();
  opened.defer(model.end);
  const proxy = await startServer({ folder, modelUrl: model.url, settings });
  opened.defer(proxy.end);

  const stage = opened.move();
  return {
    modelUrl: model.url,
    proxyUrl: proxy.url,
    proxyPid: proxy.pid,
    stateFolder: proxy.stateFolder,
    async waitUntilQuiet() {
      const wanted = Number(settings['WARM_PROCESSES'] ?? settings['WORKER_CONCURRENCY'] ?? 2);
      const until = performance.now() + QUIET_MS;
      while ((await readReady(proxy.url)) < wanted && performance.now() < until) await delay(100);
    },
    waitUntilClosed: (name) => model.closed(name).promise,
    claudeEnvironment: proxy.claudeEnvironment,
    close: () => stage.disposeAsync(),
  };
}

/** The model server. */
export async function startModel() {
  const model = start(['bench/model.ts'], { PATH: String(process.env['PATH']) });
  const { url, lines } = await readUrl(model);
  return { url, closed: collectClosed(lines), end: () => end(model) };
}

export type StartOptions = {
  /** Its home and its state are in it. */
  folder: string;
  modelUrl: string;
  settings: Record<string, string>;
  /** Further arguments. Default: none. */
  args?: readonly string[];
};

/** The server, or a front or a worker of a cluster. */
export async function startServer({ folder, modelUrl, settings, args = [] }: StartOptions) {
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true });
  const claudeEnvironment = {
    PATH: String(process.env['PATH']),
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    ANTHROPIC_API_KEY: 'dummy',
    ANTHROPIC_BASE_URL: modelUrl,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
  };
  const stateFolder = join(folder, 'state');
  const server = start(['dist/bin.js', '--port', '0', ...args], {
    ...claudeEnvironment,
    STATE_DIR: stateFolder,
    PROXY_API_KEY: KEY,
    CLAUDE_PATH: CLAUDE,
    LOG_LEVEL: 'silent',
    ...settings,
  });
  const { url } = await readUrl(server);
  return { url, pid: server.pid ?? 0, stateFolder, claudeEnvironment, end: () => end(server) };
}

/** A stage for one measurement. */
export async function withStage<Result>(
  settings: Record<string, string>,
  use: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const stage = await openStage(settings);
  try {
    return await use(stage);
  } finally {
    await stage.close();
  }
}

function start(args: readonly string[], env: Record<string, string>) {
  return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The first address that a server prints, and what it prints from there on. */
async function readUrl({ stdout }: ChildProcess) {
  if (!stdout) throw new Error('The server has no output.');
  const lines = createInterface({ input: stdout });
  for await (const [line] of on(lines, 'line', { close: ['close'] })) {
    const url = /http:\/\/[\d.]+:\d+/.exec(String(line))?.[0];
    if (url) return { url, lines };
  }
  throw new Error('The server ended before it said its address.');
}

/** How many processes wait that are bound to nobody. */
async function readReady(proxyUrl: string): Promise<number> {
  const response = await fetch(`${proxyUrl}/api/admin/status`, { headers: { 'x-api-key': KEY } });
  const { processes } = (await response.json()) as { processes: { ready: number } };
  return processes.ready;
}

/** When each held answer was left, as the model server prints it. */
function collectClosed(lines: EventEmitter) {
  const seen = new Map<string, PromiseWithResolvers<number>>();
  const get = (name: string) => {
    const one = seen.get(name) ?? Promise.withResolvers<number>();
    seen.set(name, one);
    return one;
  };
  lines.on('line', (line: string) => {
    const [, name, at] = /^closed (\w+) (\d+)$/.exec(line) ?? [];
    if (name) get(name).resolve(Number(at));
  });
  return get;
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

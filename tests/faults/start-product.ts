import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { type Answer, type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { cleanUp, createSend, KEY, toCliEnvironment } from '../support/start-proxy.ts';
import { isAlive } from '../support/watch-place.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The product as a program of its own, with the real CLI against the loopback model. */
export type Product = {
  url: string;
  pid: number;
  program: Program;
  model: ModelServer;
  /** Everything of it on disk: `state`, `home`, `workspace`, and `tmp`, its temporary folder. */
  folder: string;
  /** `fetch` with the key, on a connection of its own, and a JSON POST when `body` is given. */
  send(path: string, body?: unknown, init?: RequestInit): Promise<Response>;
  /** Sends it a signal and waits for its end; what stands on disk stays. */
  stopProgram(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
  /** Starts another one on the same folders and the same model. */
  start(): Promise<Product>;
  /** Both, one after the other. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<Product>;
  stop(): Promise<void>;
};

export type ProductOptions = {
  /** What the model says; the demo's answers by default. */
  answer?: Answer;
  /** Settings, and further variables of the environment. */
  settings?: Record<string, string | undefined>;
  /** What the program is started with, before its own words. Default: nothing. */
  launcher?: readonly string[];
  /** Called with the folders before the first start. */
  prepare?: (folder: string) => Promise<void>;
};

/** Starts it in folders of its own. */
export async function startProduct({
  answer,
  settings = {},
  launcher = [],
  prepare,
}: ProductOptions = {}): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  for (const name of ['home', 'tmp', 'workspace']) await mkdir(join(folder, name));
  await prepare?.(folder);
  const model = await startModelServer(answer && { answer });
  try {
    return await startOn(folder, model, { settings, launcher });
  } catch (error) {
    await cleanUp(folder, model);
    throw error;
  }
}

async function startOn(
  folder: string,
  model: ModelServer,
  { settings, launcher }: Required<Pick<ProductOptions, 'settings' | 'launcher'>>,
): Promise<Product> {
  const [command, ...args] = [...launcher, process.execPath, join(ROOT, 'src/bin.ts')];
  const program = await startProgram(command, args, {
    cwd: folder,
    env: {
      PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      ...toCliEnvironment(folder, model),
      TMPDIR: join(folder, 'tmp'),
      STATE_DIR: join(folder, 'state'),
      DEFAULT_WORKSPACE_DIR: join(folder, 'workspace'),
      PORT: '0',
      PROXY_API_KEY: KEY,
      WARM_PROCESSES: '0',
      ...COMPILE_CACHE,
      ...settings,
    },
  });
  const { url, pid } = program;

  const stopProgram = (signal: 'SIGTERM' | 'SIGKILL') => {
    if (isAlive(pid)) process.kill(pid, signal);
    return program.exited;
  };
  const start = () => startOn(folder, model, { settings, launcher });
  return {
    url,
    pid,
    program,
    model,
    folder,
    send: createSend(url, { connection: 'close' }),
    stopProgram,
    start,
    async restart(signal) {
      await stopProgram(signal);
      return start();
    },
    async stop() {
      await stopProgram('SIGTERM');
      await endProgram(program);
      await cleanUp(folder, model);
    },
  };
}

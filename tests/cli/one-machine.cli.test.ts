import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { ask } from '../support/calls.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, startProgram } from '../support/start-program.ts';
import { cleanUp, createSend, KEY, toCliEnvironment } from '../support/start-proxy.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Loaded ahead of the program: writes down every module that is loaded. */
const WATCH = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(process.env.LOADED_FILE, url + '\\n');
    return next(url, context);
  },
});
`;

/** What is not for one machine alone; the API without the SDK does nothing, and prom-client loads it. */
const OTHERS = /\/(bullmq|ioredis|src\/(cluster|tracing)|@opentelemetry\/(?!api\/)[\w-]+)\//;

let folder: string;
let model: ModelServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'one-machine-'));
  model = await startModelServer();
});
afterAll(() => cleanUp(folder, model));

test('without REDIS_URL and a collector nothing of a cluster or of OpenTelemetry is loaded', async () => {
  const watch = join(folder, 'watch.mjs');
  const loaded = join(folder, 'loaded');
  await writeFile(watch, WATCH);
  const program = await startProgram(process.execPath, [join(ROOT, 'src/bin.ts')], {
    cwd: folder,
    env: {
      PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      ...toCliEnvironment(folder, model),
      STATE_DIR: join(folder, 'state'),
      NODE_OPTIONS: `--import=${watch}`,
      LOADED_FILE: loaded,
      CHILD_ENV: 'LOADED_FILE',
      PORT: '0',
      PROXY_API_KEY: KEY,
      WARM_PROCESSES: '0',
      ...COMPILE_CACHE,
    },
  });
  try {
    const response = await ask({ send: createSend(program.url) }, 'messages', 'Hi');
    expect(response.status).toBe(200);
    const urls = (await readFile(loaded, 'utf8')).split('\n');
    expect(urls.filter((url) => OTHERS.test(url))).toEqual([]);
    expect(urls.some((url) => url.endsWith('/src/server/open-backend.ts'))).toBe(true);
  } finally {
    await endProgram(program);
    await rm(loaded, { force: true });
  }
});

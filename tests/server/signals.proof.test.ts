import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';

const ROOT = join(import.meta.dirname, '../..');

let folder: string;
let program: Program;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signals-'));
  await Promise.all([mkdir(join(folder, 'home')), mkdir(join(folder, 'tmp'))]);
});
afterEach(async () => {
  await endProgram(program);
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ['SIGTERM to npm alone', ['start', '--', '--port', '0', '--demo'], 'SIGTERM', 1],
  ['SIGINT to npm alone', ['run', 'demo', '--', '--port', '0'], 'SIGINT', 1],
  ['Ctrl-C in a terminal', ['start', '--', '--port', '0', '--demo'], 'SIGINT', -1],
] as const)('%s: what runs is finished, exit 0, nothing left', async (_, args, signal, side) => {
  program = await startNpm(args);
  const messages = readSse(await askSlowly())[Symbol.asyncIterator]();
  await messages.next();

  process.kill(side * program.pid, signal);
  expect((await readRest(messages)).at(-1)?.data).toBe('[DONE]');
  expect(await program.exited).toBe(0);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
});

function startNpm(args: readonly string[]) {
  return startProgram('npm', args, {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      ...COMPILE_CACHE, // npm has one otherwise, in the temporary folder
      LOG_LEVEL: 'silent',
    },
  });
}

function askSlowly() {
  return fetch(`${program.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${program.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sonnet',
      stream: true,
      messages: [{ role: 'user', content: 'demo:slow=50' }],
    }),
  });
}

async function readRest(messages: AsyncIterator<Sse>) {
  return Array.fromAsync({ [Symbol.asyncIterator]: () => messages });
}

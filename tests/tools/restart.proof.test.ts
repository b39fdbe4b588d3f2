import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';

import { type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { startProxy } from '../support/start-proxy.ts';
import { ask, type Sender, TOOL_DIALECTS } from './tool-dialects.ts';
import { lastRequest, toProcess, toSpoken } from './upstream.ts';
import { call, FOLLOW_UP, modelAnswer, REPLAYED } from './weather.ts';

const ROOT = join(import.meta.dirname, '../..');
const KEY = 'test-key-0123456789';

type Asked = Pick<ModelServer, 'requests'>;

test('a server that was stopped and started uses the results, in each dialect', async () => {
  const first = await startProxy({ answer: modelAnswer });
  const waiting = await callInEach(first, first.model);
  const second = await first.restart();
  onTestFinished(() => second.stop());

  const used = await bringInEach(second, first.model);
  expect(used.filter((one) => waiting.includes(one))).toEqual([]);
});

let folder: string;
let model: ModelServer;
let programs: Program[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'killed-'));
  await mkdir(join(folder, 'home'));
  model = await startModelServer({ answer: modelAnswer });
  programs = [];
});
afterEach(async () => {
  await Promise.all(programs.map(endProgram));
  await model.close();
  await rm(folder, { recursive: true, force: true });
});

test('so does one that was killed between call and result, streamed', async () => {
  const killed = await start();
  const waiting = await callInEach(toSender(killed), model, { stream: true });
  process.kill(killed.pid, 'SIGKILL');
  expect(await killed.exited).toBe('SIGKILL');

  const used = await bringInEach(toSender(await start()), model, { stream: true });
  expect(used.filter((one) => waiting.includes(one))).toEqual([]);
});

/** Lets the model call in each dialect, for a user of its own; the processes that wait for the results. */
async function callInEach(to: Sender, asked: Asked, { stream = false } = {}) {
  const waiting = [];
  for (const dialect of TOOL_DIALECTS) {
    await call(to, dialect, { user: dialect.name, stream });
    waiting.push(toProcess(lastRequest({ model: asked })));
  }
  return waiting;
}

/** Brings the results, which reach the model as a conversation that is told anew; by which processes. */
async function bringInEach(to: Sender, asked: Asked, { stream = false } = {}) {
  const used = [];
  for (const dialect of TOOL_DIALECTS) {
    const answer = await ask(to, dialect, { ...FOLLOW_UP, user: dialect.name, stream });
    const { name, reasons } = dialect;
    const expected = { name, text: 'Done.', calls: [], reason: reasons.stop };
    expect({ name, ...answer }).toMatchObject(expected);
    const request = lastRequest({ model: asked });
    expect(toSpoken(request)).toEqual(REPLAYED);
    used.push(toProcess(request));
  }
  return used;
}

async function start() {
  const program = await startProgram(process.execPath, [join(ROOT, 'src/bin.ts'), '--port', '0'], {
    cwd: folder,
    env: {
      PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      HOME: join(folder, 'home'),
      CLAUDE_CONFIG_DIR: join(folder, 'home/.claude'),
      TMPDIR: folder,
      ...COMPILE_CACHE,
      STATE_DIR: join(folder, 'state'),
      DEFAULT_WORKSPACE_DIR: folder,
      PROXY_API_KEY: KEY,
      LOG_LEVEL: 'silent',
      ANTHROPIC_API_KEY: 'dummy',
      ANTHROPIC_BASE_URL: model.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    },
  });
  programs.push(program);
  return program;
}

function toSender({ url }: Program): Sender {
  return {
    send: (path, body) =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  };
}

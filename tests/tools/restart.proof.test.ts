import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { startProxy } from '../support/start-proxy.ts';
import { ask, type Sender, TOOL_DIALECTS } from './tool-dialects.ts';
import { lastRequest, toProcess, toSpoken } from './upstream.ts';
import { call, FOLLOW_UP, modelAnswer, REPLAYED } from './weather.ts';

const ROOT = join(import.meta.dirname, '../..');
const KEY = 'test-key-0123456789';

test.each(TOOL_DIALECTS)(
  'a server that was stopped and started uses the results: $name',
  async (dialect) => {
    const first = await startProxy({ answer: modelAnswer });
    await call(first, dialect);
    const waiting = toProcess(lastRequest(first));
    const second = await first.restart();
    const answer = await ask(second, dialect, FOLLOW_UP).finally(() => second.stop());

    expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toProcess(lastRequest(second))).not.toBe(waiting);
    expect(toSpoken(lastRequest(second))).toEqual(REPLAYED);
  },
);

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

test.each(TOOL_DIALECTS)(
  'so does one that was killed between call and result: $name, streamed',
  async (dialect) => {
    const killed = await start();
    await call(toSender(killed), dialect, { stream: true });
    const waiting = toProcess(lastRequest({ model }));
    process.kill(killed.pid, 'SIGKILL');
    expect(await killed.exited).toBe('SIGKILL');

    const answer = await ask(toSender(await start()), dialect, { ...FOLLOW_UP, stream: true });

    expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toProcess(lastRequest({ model }))).not.toBe(waiting);
    expect(toSpoken(lastRequest({ model }))).toEqual(REPLAYED);
  },
);

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

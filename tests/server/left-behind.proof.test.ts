import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { isAlive, readProcesses } from '../support/watch-place.ts';

const ROOT = join(import.meta.dirname, '../..');
const KEY = 'test-key-0123456789';

let folder: string;
let model: ModelServer;
let programs: Program[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'left-behind-'));
  await mkdir(join(folder, 'home'));
  model = await startModelServer();
  programs = [];
});
afterEach(async () => {
  await Promise.all(programs.map(endProgram));
  await model.close();
  await rm(folder, { recursive: true, force: true });
});

test('the next start ends the CLI of a killed server, and nothing else', async () => {
  model.answer = holdAnswers().answer;
  const killed = await start();
  const asked = post(killed, '/v1/messages', {
    model: 'sonnet',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hello.' }],
  });
  const { closed } = await model.waitForRequest();
  const [cli = 0] = await readProcesses({ folder });
  const bystander = await startBystander();
  const broken = asked.catch(String);
  await kill(killed);
  expect(await broken).toContain('fetch failed');
  expect(isAlive(cli)).toBe(true);

  await start();
  expect(await closed).toBe('aborted');
  expect(isAlive(Number(bystander.pid))).toBe(true);
  const known = await readProcesses({ folder });
  expect(known).not.toContain(cli);
  expect(known).not.toContain(bystander.pid);
  bystander.kill('SIGKILL');
});

test('the tools of that CLI end with it', async () => {
  model.answer = demoAnswer;
  const killed = await start();
  const seen = watchForPid();
  const asked = post(killed, '/api/run', {
    prompt: 'demo:bash=echo $$ > pid.draft && mv pid.draft pid && sleep 60',
    allowedTools: ['Bash'],
  });
  const tool = await seen;
  const broken = asked.catch(String);
  await kill(killed);
  expect(await broken).toContain('fetch failed');
  expect(isAlive(tool)).toBe(true);

  await start();
  await untilDead(tool);
  expect(isAlive(tool)).toBe(false);
});

async function start() {
  const program = await startProgram(process.execPath, [join(ROOT, 'src/bin.ts'), '--port', '0'], {
    cwd: folder,
    env: {
      PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
      HOME: join(folder, 'home'),
      CLAUDE_CONFIG_DIR: join(folder, 'home/.claude'),
      TMPDIR: folder,
      ...COMPILE_CACHE,
      ...ONE_EACH,
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

async function kill({ pid, exited }: Program) {
  process.kill(pid, 'SIGKILL');
  expect(await exited).toBe('SIGKILL');
}

function post({ url }: Program, path: string, body: object) {
  return fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** A process that has nothing to do with the server; an old entry bears its pid, given out again since. */
async function startBystander() {
  const bystander = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], {
    detached: true,
    stdio: 'ignore',
  });
  await once(bystander, 'spawn');
  const dead = { pid: bystander.pid, start: 'a boot long ago' };
  const entry = { ...dead, owner: dead };
  await writeFile(join(folder, 'state/processes', String(bystander.pid)), JSON.stringify(entry));
  return bystander;
}

/** The pid that the tool writes down. */
async function watchForPid() {
  for await (const { filename } of watch(folder)) {
    if (filename === 'pid') break;
  }
  return Number(await readFile(join(folder, 'pid'), 'utf8'));
}

/** Processes that are not our children tell nobody of their end. */
async function untilDead(pid: number) {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readOrCreateKey } from '../src/keys/proxy-key.ts';
import { COMPILE_CACHE } from './support/compile-cache.ts';

const bin = fileURLToPath(new URL('../src/bin.ts', import.meta.url));
const tools = fileURLToPath(new URL('../node_modules/.bin', import.meta.url));

let folder: string;
let programs: ChildProcessWithoutNullStreams[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bin-'));
  programs = [];
});
afterEach(async () => {
  await Promise.all(programs.map(endAndWait));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('--version prints the version and nothing else', async () => {
  const packageFile = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(await readFile(packageFile, 'utf8'));
  expect(await run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help prints the flags', async () => {
  const { code, stdout, stderr } = await run(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: claude-code-proxy [flags]');
});

test('an unknown flag is one sentence', async () => {
  expect(await run(['--prot', '8080'])).toEqual({
    code: 1,
    stdout: '',
    stderr: "Unknown option '--prot'. See --help for the flags.\n",
  });
});

test('a port in use is one sentence that names the port and the flag', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const address = occupant.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, stdout, stderr } = await run(['--demo', '--port', String(port)]);
  occupant.close();
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: `Port ${port} on 127.0.0.1 is already in use: end the program that uses it, or choose another port with --port.\n`,
  });
  expect(await readdir(folder)).toEqual([]);
});

test('a demo answers with the key of its banner, and Ctrl-C under npm, which is two signals, ends it in order', async () => {
  const program = startProgram(['--demo', '--port', '0']);
  const { url, key, lines } = await readBanner(program);
  expect(lines[0]).toContain('*** DEMO ***');

  expect((await askChat(url, 'wrong key')).status).toBe(401);
  const answer = await askChat(url, key);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    choices: [{ message: { role: 'assistant', content: expect.stringMatching(/\S/) } }],
  });

  program.kill('SIGINT');
  program.kill('SIGINT');
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(await readdir(folder)).toEqual([]);
});

/** No account to speak of: the CLI is never asked anything that leaves this machine. */
test('the key is shown at the first start, and kept where the banner says; SIGTERM ends the program', async () => {
  const stateDir = join(folder, 'state');
  const program = startProgram(['--port', '0'], {
    STATE_DIR: stateDir,
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    ANTHROPIC_API_KEY: 'dummy',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  });
  const { key, lines } = await readBanner(program);
  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(key).toMatch(/^ccp-\S{32,}$/);
  expect(lines).toContain(`Key: ${key} (new, shown only this once, kept in ${stateDir}/key)`);
  expect(await readOrCreateKey(stateDir)).toEqual({ key, isNew: false });
});

function startProgram(
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcessWithoutNullStreams {
  const program = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: {
      PATH: [tools, process.env['PATH']].join(delimiter),
      HOME: folder,
      TMPDIR: folder,
      ...COMPILE_CACHE,
      ...environment,
    },
  });
  programs.push(program);
  return program;
}

async function run(args: readonly string[], environment: Record<string, string> = {}) {
  const program = startProgram(args, environment);
  const [stdout, stderr, [code]] = await Promise.all([
    text(program.stdout),
    text(program.stderr),
    once(program, 'exit'),
  ]);
  return { code, stdout, stderr };
}

/** Reads up to the curl line, the last one of the banner. */
async function readBanner(program: ChildProcessWithoutNullStreams) {
  let output = '';
  for await (const chunk of program.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (/^curl .*\n/m.test(output)) {
      break;
    }
  }
  program.stdout.resume();
  return {
    lines: output.split('\n'),
    url: /listens on (\S+)/.exec(output)?.[1] ?? '',
    key: /^Key: (ccp-\S+)/m.exec(output)?.[1] ?? '',
  };
}

function askChat(url: string, key: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'Say hello.' }] }),
  });
}

async function endAndWait(program: ChildProcessWithoutNullStreams): Promise<void> {
  if (program.exitCode === null && program.signalCode === null) {
    program.kill('SIGKILL');
    await once(program, 'exit');
  }
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

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

test('bad settings are all named at once, those of flags and of .env among them', async () => {
  await writeFile(join(folder, '.env'), 'LOG_LEVEL=loud\nMAX_QUEUE_SIZE=many\nPROT=1\n');
  const environment = { WORKER_CONCURRENCY: 'two', MAX_QUEUE_SIZE: '5' };
  expect(await run(['--port', 'http'], environment)).toEqual({
    code: 1,
    stdout: '',
    stderr: [
      '.env: PROT is not a setting of claude-code-proxy and is ignored.',
      'PORT is "http", but must be a whole number from 0 to 65535.',
      'LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.',
      'WORKER_CONCURRENCY is "two", but must be a whole number from 1 to 1000.',
      '',
    ].join('\n'),
  });
});

test('a server from a shell with the exports of `env` says that it would call itself', async () => {
  const { stdout } = await run(['env', '--json']);
  expect(await run([], JSON.parse(stdout))).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^ANTHROPIC_BASE_URL is http:\/\/127\.0\.0\.1:6789, which is this server itself: .*\n$/,
    ),
  });
});

test('a command tells what it does not understand in one sentence, and nothing in colour', async () => {
  expect(await run(['doctor', '--prot'])).toEqual({
    code: 1,
    stdout: '',
    stderr: "Unknown option '--prot'. See --help for the flags.\n",
  });
});

test('a CLAUDE_PATH that leads nowhere is one sentence', async () => {
  expect(await run([], { CLAUDE_PATH: '/nowhere/claude' })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'CLAUDE_PATH names /nowhere/claude, which is not a claude CLI that runs: correct it, or leave it out.\n',
  });
});

test('a state folder that cannot be written is one sentence', async () => {
  await writeFile(join(folder, 'file'), '');
  const { code, stderr } = await run([], { STATE_DIR: join(folder, 'file/state') });
  expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 1, lines: 2 });
  expect(stderr).toContain(`The state folder ${folder}/file/state cannot be written (ENOTDIR)`);
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

test('a demo for the whole network is refused', async () => {
  expect(await run(['--demo', '--host', '0.0.0.0'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'A demo is for this machine only, and HOST is 0.0.0.0: leave HOST out.\n',
  });
});

test('a demo answers with the key of its banner, and leaves nothing behind', async () => {
  const program = startProgram(['--demo', '--port', '0']);
  const { url, key, lines } = await readBanner(program);
  expect(lines[0]).toContain('*** DEMO ***');

  expect((await askChat(url, 'wrong key')).status).toBe(401);
  const answer = await askChat(url, key);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({
    choices: [{ message: { role: 'assistant', content: expect.stringMatching(/\S/) } }],
  });

  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(await readdir(folder)).toEqual([]);
});

test('Ctrl-C under npm, which is two signals, ends it in order', async () => {
  const program = startProgram(['--demo', '--port', '0']);
  await readBanner(program);
  program.kill('SIGINT');
  program.kill('SIGINT');
  expect(await once(program, 'exit')).toEqual([0, null]);
  expect(await readdir(folder)).toEqual([]);
});

test('the key is shown at the first start only, and holds at the next', async () => {
  const first = await startAndStop();
  expect(first).toMatch(
    /^Key: ccp-\S{32,} \(new, shown only this once, kept in .*\/state\/key\)$/m,
  );
  const second = await startAndStop();
  expect(second).toMatch(/^Key: the one in .*\/state\/key$/m);
});

/** A start with no account to speak of: the CLI is never asked anything that leaves this machine. */
async function startAndStop(): Promise<string> {
  const program = startProgram(['--port', '0'], {
    STATE_DIR: join(folder, 'state'),
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    ANTHROPIC_API_KEY: 'dummy',
    ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  });
  const { lines } = await readBanner(program);
  program.kill('SIGTERM');
  expect(await once(program, 'exit')).toEqual([0, null]);
  return lines.join('\n');
}

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

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { type CliProcess, createCliProcess } from '../../../src/claude/process/cli-process.ts';
import { createStub, type StubCli } from '../../support/stub-cli.ts';

let folder: string;
const cleanups: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-process-'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await rm(folder, { recursive: true, force: true });
});

async function start(behave: (cli: StubCli) => void): Promise<CliProcess> {
  const stub = await createStub(behave);
  cleanups.push(() => stub.remove());
  return launch(stub.path);
}

function launch(command: string) {
  const process = createCliProcess({ command, args: [], environment: { HOME: folder }, folder });
  cleanups.push(() => process.end(0));
  return process;
}

const proper = () => undefined;
const USER = { type: 'user', message: { role: 'user', content: 'Hi' } };

async function readTurn(process: CliProcess) {
  const types: string[] = [];
  for await (const line of process.lines()) {
    types.push(line.type);
    if (line.type === 'result') break;
  }
  return types;
}

test('a turn is read line by line, and the next one from where it ended', async () => {
  const process = await start(proper);
  for (let turn = 0; turn < 2; turn += 1) {
    process.send(USER);
    expect(await readTurn(process)).toEqual([...Array<string>(6).fill('stream_event'), 'result']);
  }
});

describe('a control request', () => {
  test('gets the reply that bears its id, whatever comes first', async () => {
    const process = await start((cli) => {
      const waiting: Parameters<StubCli['onControl']>[0][] = [];
      cli.onControl = (line) => {
        waiting.unshift(line);
        if (waiting.length < 2) return;
        for (const { request_id, request } of waiting) {
          const response = { subtype: 'success', request_id, response: { to: request?.subtype } };
          cli.say({ type: 'control_response', response });
        }
      };
    });
    const replies = [process.request({ subtype: 'one' }), process.request({ subtype: 'two' })];
    expect(await Promise.all(replies)).toEqual([{ to: 'one' }, { to: 'two' }]);
  });

  test('that the CLI refuses fails', async () => {
    const process = await start((cli) => {
      cli.onControl = ({ request_id }) => {
        const response = { subtype: 'error', request_id, error: 'no' };
        cli.say({ type: 'control_response', response });
      };
    });
    await expect(process.request({ subtype: 'initialize' })).rejects.toMatchObject({
      code: 'cli-failed',
      cause: 'initialize: no',
    });
  });

  test('fails when the CLI dies, with its last words for the log', async () => {
    const process = await start((cli) => {
      cli.onControl = () => {
        cli.stderr('out of luck\n');
        cli.exit(7);
      };
    });
    await expect(process.request({ subtype: 'initialize' })).rejects.toMatchObject({
      code: 'cli-failed',
      cause: expect.stringMatching(/exit code 7.*: out of luck/s),
    });
  });

  test('fails at once when the process is told to leave', async () => {
    const process = await start((cli) => {
      cli.onControl = () => undefined;
    });
    const reply = process.request({ subtype: 'initialize' });
    const [refused] = await Promise.allSettled([reply, process.end()]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'cli-failed' } });
  });
});

test('a program that does not exist ends the lines and every request', async () => {
  const process = launch(join(folder, 'nothing-here'));
  await expect(process.request({ subtype: 'initialize' })).rejects.toMatchObject({
    code: 'cli-failed',
  });
  expect(await Array.fromAsync(process.lines())).toEqual([]);
  expect(await process.exited).toContain('ENOENT');
});

test('a program that may not be run does the same', async () => {
  const file = join(folder, 'no-program');
  await writeFile(file, 'no program');
  expect(await launch(file).exited).toContain('EACCES');
});

test('ending releases who reads the lines', async () => {
  const process = await start(proper);
  const read = Array.fromAsync(process.lines());
  await process.end();
  expect(await read).toEqual([]);
});

test('what the CLI started goes with it, even when the CLI has to be killed', async () => {
  const server = createServer().listen(join(folder, 'socket'));
  cleanups.push(async () => void server.close());
  const connected = once(server, 'connection');
  const process = await start((cli) => {
    // A program of the CLI's own, in its process group; its connection lives as long as it does.
    const { spawn } = globalThis.process.getBuiltinModule('node:child_process');
    const program = "require('node:net').connect(process.env.HOME + '/socket')";
    spawn(globalThis.process.execPath, ['-e', program], { stdio: 'ignore' });
    cli.onControl = () => undefined;
    setInterval(() => undefined, 60_000);
    cli.exit = (() => undefined) as never; // stays when its stdin is closed
  });
  const [socket] = (await connected) as [Socket];
  socket.resume();
  const gone = once(socket, 'close');
  await process.end(50);
  await gone;
  expect(await process.exited).toContain('SIGKILL');
});

test('a reader who is slow loses nothing', async () => {
  const process = await start((cli) => {
    cli.onUser = () => {
      for (let line = 0; line < 5000; line += 1) {
        cli.say({ type: 'stream_event', event: { type: 'message_stop' } });
      }
      for (const line of cli.toTextLines('x').slice(-1)) cli.say(line);
    };
  });
  process.send(USER);
  expect(await readTurn(process)).toHaveLength(5001);
});

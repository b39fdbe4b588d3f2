import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { ask } from '../support/calls.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub, type Stub, type StubCli } from '../support/stub-cli.ts';

const MINUTE_MS = 60_000;

let proxy: Proxy;
let stub: Stub;
afterEach(async () => {
  await proxy.stop();
  await stub.remove();
});

test('processes start one after the other while the login is about to end', async () => {
  await startWith(MINUTE_MS, (cli) => {
    // Slow to come up, so that it would be seen if another one came up beside it.
    const answer = cli.onControl.bind(cli);
    cli.onControl = (line) => {
      if (line.request?.subtype !== 'initialize') return answer(line);
      cli.note('<');
      setTimeout(() => {
        cli.note('>');
        answer(line);
      }, 1000);
    };
  });
  expect(await askAtOnce()).toEqual([200, 200, 200]);
  expect(await readNotes()).toBe('<><><>');
});

test('processes start beside each other otherwise', async () => {
  await startWith(60 * MINUTE_MS, (cli) => {
    const answer = cli.onControl.bind(cli);
    cli.onControl = (line) => {
      if (cli.start === 0 || line.request?.subtype !== 'initialize') return answer(line);
      cli.note('<');
      const { readFileSync } = process.getBuiltinModule('node:fs');
      // It is up when all three have begun to come up.
      const waiting = setInterval(() => {
        if (readFileSync(`${process.env['HOME']}/notes`, 'utf8') !== '<<<') return;
        clearInterval(waiting);
        answer(line);
      }, 20);
    };
  });
  expect(await askAtOnce()).toEqual([200, 200, 200]);
});

/** A server whose login ends soon, over a stub. */
async function startWith(msLeft: number, behave: (cli: StubCli) => void) {
  stub = await createStub(behave);
  proxy = await startProxy({
    claudePath: stub.path,
    settings: { ...ONE_EACH, WORKER_CONCURRENCY: '3' },
  });
  await storeLogin(proxy, msLeft);
}

async function askAtOnce() {
  const calls = ['chat completions', 'messages', 'agent runs'] as const;
  const answers = await Promise.all(calls.map((call) => ask(proxy, call, 'Hi')));
  return answers.map(({ status }) => status);
}

/** A made-up login in the test's own folder. */
async function storeLogin({ folder }: Proxy, msLeft: number) {
  const claudeFolder = join(folder, 'home/.claude');
  await mkdir(claudeFolder, { recursive: true });
  const login = { claudeAiOauth: { expiresAt: Date.now() + msLeft } };
  await writeFile(join(claudeFolder, '.credentials.json'), JSON.stringify(login));
}

/** What the processes noted, that of the server's own question for the status left out. */
async function readNotes() {
  return (await readFile(join(proxy.folder, 'home/notes'), 'utf8')).replace(/^<>/, '');
}

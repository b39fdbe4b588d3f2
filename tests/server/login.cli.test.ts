import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { ask } from '../support/calls.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub, type Stub } from '../support/stub-cli.ts';

const MINUTE_MS = 60_000;

let proxy: Proxy | undefined;
let stub: Stub | undefined;
afterEach(async () => {
  await proxy?.stop();
  await stub?.remove();
  proxy = stub = undefined;
});

test.each([
  ['one after the other while the login is about to end', MINUTE_MS, true],
  ['beside each other otherwise', 60 * MINUTE_MS, false],
])('processes start %s', async (_, msLeft, isSingle) => {
  stub = await createStub((cli) => {
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
  proxy = await startProxy({
    claudePath: stub.path,
    settings: { ...ONE_EACH, WORKER_CONCURRENCY: '3' },
  });
  await storeLogin(proxy, msLeft);
  const calls = ['chat completions', 'messages', 'agent runs'] as const;
  const answers = await Promise.all(calls.map((call) => ask(proxy as Proxy, call, 'Hi'))); // it was started above
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(countAtOnce(await readNotes(proxy)) === 1).toBe(isSingle);
});

/** A made-up login in the test's own folder. */
async function storeLogin({ folder }: Proxy, msLeft: number) {
  const claudeFolder = join(folder, 'home/.claude');
  await mkdir(claudeFolder, { recursive: true });
  const login = { claudeAiOauth: { expiresAt: Date.now() + msLeft } };
  await writeFile(join(claudeFolder, '.credentials.json'), JSON.stringify(login));
}

/** What the processes noted, that of the server's own question for the status left out. */
async function readNotes({ folder }: Proxy) {
  return (await readFile(join(folder, 'home/notes'), 'utf8')).replace(/^<>/, '');
}

function countAtOnce(notes: string) {
  let open = 0;
  const counts = notes.split('').map((note) => (open += note === '<' ? 1 : -1));
  return Math.max(...counts);
}

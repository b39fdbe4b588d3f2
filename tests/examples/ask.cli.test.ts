import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { failingReply, heldReply } from '../../src/demo/replies.ts';
import { toTurns } from '../clients/chat-client.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { KEY, type Proxy } from '../support/start-proxy.ts';
import { lastRequest } from '../tools/upstream.ts';

const ASK = join(import.meta.dirname, '../../examples/ask.sh');

let proxy: Proxy;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ask-'));
  proxy = await shareProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('git diff | ask.sh sends prompt and diff, and prints the answer', async () => {
  const git = (...args: string[]) => execa('git', args, { cwd: folder });
  await git('init', '--quiet');
  await writeFile(join(folder, 'poem.txt'), 'one "quoted" \\ line\n');
  await git('add', 'poem.txt');

  const { stdout } = await start(`git diff --cached | bash "$ASK" 'Write a commit message.'`);

  expect(stdout).toMatch(/^You said: "Write a commit message\./);
  const [said] = toTurns(lastRequest(proxy).body);
  expect(said?.content).toMatch(/^Write a commit message\.\n\ndiff --git/);
  expect(said?.content).toContain('+one "quoted" \\ line');
});

test('it prints the text while the model still speaks', async () => {
  const release = Promise.withResolvers<void>();
  proxy.model.answer = () => heldReply('one two three four', release.promise);
  const script = start(`echo | bash "$ASK" Hello`);
  let printed = '';
  for await (const piece of script.iterable({ binary: true })) {
    printed += Buffer.from(piece).toString();
    if (printed.trim() === 'one two') release.resolve();
  }

  expect(printed).toBe('one two three four\n');
});

test('a failure is an exit code and a sentence, before the answer and in it', async () => {
  const refused = await start(`echo | bash "$ASK" Hello`, { PROXY_API_KEY: 'wrong' });
  proxy.model.answer = () =>
    failingReply('one two three', { type: 'overloaded_error', message: 'Overloaded' });
  const broken = await start(`echo | bash "$ASK" Hello`);
  proxy.model.answer = demoAnswer;

  expect(refused).toMatchObject({ failed: true, stdout: '' });
  expect(refused.stderr).toContain('The key is not a key of this server.');
  expect(broken.failed).toBe(true);
  expect(broken.stderr).toMatch(/Overloaded/i);
});

function start(command: string, environment: Record<string, string> = {}) {
  return execa('bash', ['-o', 'pipefail', '-c', command], {
    cwd: folder,
    env: { ASK, BASE_URL: proxy.url, PROXY_API_KEY: KEY, ...environment },
    reject: false,
  });
}

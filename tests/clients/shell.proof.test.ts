import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { toTurns } from './chat-client.ts';

const SAID = ['My name is "Ada".', 'I live in Paris.', 'Who am I?'];
const PROMPTS = ['My name is Ada.', 'I live in Paris.', 'Who am I?'];

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe.each(['true', 'false'])('chat.sh with STREAM=%s', (STREAM) => {
  test('holds a conversation of three turns', async () => {
    const { stdout } = await start('chat.sh', SAID, { STREAM });
    const replies = stdout.split('\n');

    expect(replies[0]).toMatch(/^You said: "My name is "Ada"\."/);
    expect(replies[2]).toMatch(/^You said: "Who am I\?".* It was sent 5 messages\.$/);
    expect(lastTurns()).toEqual([
      { role: 'user', content: SAID[0] },
      { role: 'assistant', content: replies[0] },
      { role: 'user', content: SAID[1] },
      { role: 'assistant', content: replies[1] },
      { role: 'user', content: SAID[2] },
    ]);
  });
});

test('chat.sh prints the text while the model still speaks', async () => {
  const release = Promise.withResolvers<void>();
  proxy.model.answer = () => heldReply('one two three four', release.promise);
  const script = start('chat.sh', ['Hello.'], { STREAM: 'true' });
  let printed = '';
  for await (const piece of script.iterable({ binary: true })) {
    printed += Buffer.from(piece).toString();
    if (printed.trim() === 'one two') release.resolve();
  }

  expect(printed).toBe('one two three four\n');
});

test.each(['chat.sh', 'run.sh'])(
  'Ctrl-C on %s closes the connection to the model',
  async (name) => {
    proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
    // A terminal's Ctrl-C goes to the whole process group, which the script leads here.
    const script = start(name, ['Hello.'], { STREAM: 'true', detached: true, reject: false });
    for await (const piece of script.iterable({ binary: true })) {
      if (Buffer.from(piece).includes('one')) process.kill(-(script.pid ?? 0), 'SIGINT');
    }

    await expect(proxy.model.requests.at(-1)?.closed).resolves.toBe('aborted');
  },
);

test('chat.sh ends with the failure that curl tells', async () => {
  const { exitCode, stdout, stderr } = await start('chat.sh', ['Hello.'], {
    API_KEY: 'wrong',
    reject: false,
  });

  expect(exitCode).toBe(22); // curl's own for an HTTP error
  expect(stderr).toContain('401');
  expect(stdout).toBe('');
});

test('run.sh goes on with its session for three turns', async () => {
  const { stdout } = await start('run.sh', PROMPTS);
  const replies = stdout.split('\n');

  expect(replies[0]).toMatch(/^You said: "My name is Ada\."/);
  expect(lastTurns()).toEqual([
    { role: 'user', content: PROMPTS[0] },
    { role: 'assistant', content: replies[0] },
    { role: 'user', content: PROMPTS[1] },
    { role: 'assistant', content: replies[1] },
    { role: 'user', content: PROMPTS[2] },
  ]);
});

function lastTurns() {
  const last = proxy.model.requests.at(-1);
  return last && toTurns(last.body);
}

type StartOptions = { STREAM?: string; API_KEY?: string; detached?: boolean; reject?: boolean };

function start(
  name: string,
  said: readonly string[],
  { detached = false, reject = true, ...environment }: StartOptions = {},
) {
  return execa('bash', [join(import.meta.dirname, name), ...said], {
    env: { BASE_URL: proxy.url, API_KEY: KEY, ...environment },
    detached,
    reject,
  });
}

import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Run } from '../../src/run.ts';
import { sayHello, type TestApp } from '../support/create-test-app.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../support/keys.ts';

const LIMITS = {
  maxBodyBytes: 1_000_000,
  heldBodies: { maxBytes: 1_500_000, maxBytesPerKey: 1_000_000 },
};

const SMALL = 'x';
const LARGE = 'x'.repeat(400_000);

const TOO_MUCH_OF_KEY = {
  status: 429,
  retryAfter: '1',
  body: expect.stringMatching(/rate_limit_error.*hold as many bytes as one key may/),
};
const TOO_MUCH_OF_ALL = {
  status: 529,
  retryAfter: '1',
  body: expect.stringMatching(/overloaded_error.*hold as many bytes as this server has room for/),
};

let folder: KeysFolder;
let app: TestApp;
let release: () => void;
let begun: number;
beforeEach(async () => {
  folder = await createKeysFolder();
  const gate = Promise.withResolvers<void>();
  release = gate.resolve;
  begun = 0;
  const run: Run = async function* wait(request, signal) {
    begun += 1;
    const isHeld = begun <= 4;
    for await (const event of sayHello(request, signal)) {
      yield event;
      if (event.type === 'part-start' && isHeld) await gate.promise;
    }
  };
  app = createKeyedApp(folder, run, LIMITS);
});
afterEach(async () => {
  release();
  await folder.remove();
});

type How = 'told' | 'untold' | 'packed';

/** Sends a text, its length told before or not. */
function send(key: string, text: string, how: How = 'told') {
  const content = JSON.stringify({
    model: 'sonnet',
    max_tokens: 5,
    stream: true,
    messages: [{ role: 'user', content: text }],
  });
  const bytes = how === 'packed' ? gzipSync(content) : new TextEncoder().encode(content);
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    ...(how !== 'untold' && { 'content-length': String(bytes.length) }),
    ...(how === 'packed' && { 'content-encoding': 'gzip' }),
  };
  return app.request('/v1/messages', { method: 'POST', headers, body: bytes });
}

async function read(response: Response) {
  const { status, headers } = response;
  return { status, retryAfter: headers.get('retry-after'), body: await response.text() };
}

/** Sends so many large ones of a key, whose answers stay open until `release`. */
async function hold(key: string, count: number) {
  const held = [];
  for (let sent = 0; sent < count; sent += 1) held.push(await send(key, LARGE));
  expect(held.map(({ status }) => status)).toEqual(held.map(() => 200));
  return held;
}

test.each(['told', 'untold', 'packed'] as const)(
  'a key whose requests hold too many bytes is refused one more until they are answered, its length %s',
  async (how) => {
    const key = await folder.add();
    const held = await hold(key, 2);
    expect(await read(await send(key, LARGE, how))).toEqual(TOO_MUCH_OF_KEY);
    expect((await send(key, SMALL)).status).toBe(200);

    release();
    for (const answer of held) await answer.text();
    await setImmediate();
    const answers = await Promise.all([send(key, LARGE, how), send(key, LARGE, how)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  },
);

test.each(['told', 'untold', 'packed'] as const)(
  'when all hold too many, a large one is refused, its length %s, and a small one is answered',
  async (how) => {
    await hold(await folder.add(), 2);
    await hold(await folder.add(), 1);
    const key = await folder.add();
    expect(await read(await send(key, LARGE, how))).toEqual(TOO_MUCH_OF_ALL);
    expect((await send(key, SMALL)).status).toBe(200);
  },
);

test('what was too large or wrong holds nothing afterwards', async () => {
  const key = await folder.add();
  for (let count = 0; count < 5; count += 1) {
    expect((await send(key, 'x'.repeat(1_100_000))).status).toBe(413);
    expect((await send(key, 'x'.repeat(1_100_000), 'packed')).status).toBe(413);
    const wrong = await app.request('/v1/messages', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: LARGE,
    });
    expect(wrong.status).toBe(400);
  }
  await hold(key, 2);
});

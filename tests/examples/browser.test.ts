import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { failingReply, heldReply } from '../../src/demo/replies.ts';
import { createScriptedProxy, type Reachable } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';

// No browser here: the module that the page imports runs in Node, which has the same fetch and streams.
type Ask = (options: {
  baseUrl: string;
  key: string;
  prompt: string;
  signal?: AbortSignal;
}) => AsyncIterable<string>;

const FOLDER = new URL('../../examples/browser/', import.meta.url);
const ORIGIN = 'http://localhost:3000';

let proxy: Reachable;
let ask: Ask;
beforeEach(async () => {
  ({ ask } = (await import(new URL('ask.js', FOLDER).href)) as { ask: Ask }); // plain JavaScript
  proxy = createScriptedProxy({ corsOrigins: [ORIGIN] });
  vi.stubGlobal('fetch', proxy.fetch);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('the text comes while the model still speaks', async () => {
  const release = Promise.withResolvers<void>();
  proxy.model.answer = () => heldReply('one two three four', release.promise);
  let text = '';
  for await (const piece of ask({ baseUrl: proxy.url, key: KEY, prompt: 'Hello.' })) {
    text += piece;
    if (text.trim() === 'one two') release.resolve();
  }

  expect(text).toBe('one two three four');
});

test('stopping closes the connection to the model', async () => {
  proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
  const { signal, ...stop } = toStop();
  const texts = ask({ baseUrl: proxy.url, key: KEY, prompt: 'Hello.', signal });

  await expect(readUntil(texts, 'one', stop.abort)).rejects.toHaveProperty('name', 'AbortError');
  await expect(proxy.model.requests.at(-1)?.closed).resolves.toBe('aborted');
});

test('a failure is the sentence of the server, before the text and in it', async () => {
  const refused = ask({ baseUrl: proxy.url, key: 'wrong', prompt: 'Hello.' });
  await expect(Array.fromAsync(refused)).rejects.toThrow('The key is not a key of this server.');

  proxy.model.answer = () =>
    failingReply('one two three', { type: 'overloaded_error', message: 'Overloaded' });
  const broken = ask({ baseUrl: proxy.url, key: KEY, prompt: 'Hello.' });
  await expect(Array.fromAsync(broken)).rejects.toThrow(/Overloaded/i);
});

test('a browser on that origin may send what the module sends', async () => {
  const answer = await fetch(`${proxy.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });

  expect(answer.ok).toBe(true);
  expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toMatch(
    /authorization.*content-type|content-type.*authorization/,
  );
});

test('the page has what its script looks for', () => {
  const [page, script] = ['index.html', 'page.js'].map((name) =>
    readFileSync(new URL(name, FOLDER), 'utf8'),
  );
  const [, source = ''] = /<script type="module" src="([^"]+)"/.exec(page ?? '') ?? [];

  expect(existsSync(new URL(source, FOLDER))).toBe(true);
  for (const [, name] of script?.matchAll(/querySelector\('(\w+)'\)/g) ?? [])
    expect(page).toContain(`<${name}`);
  for (const name of ['baseUrl', 'key', 'prompt']) expect(page).toContain(`name="${name}"`);
  expect(page).not.toMatch(/src="https?:|href="https?:/);
});

function toStop() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

async function readUntil(texts: AsyncIterable<string>, wanted: string, then: () => void) {
  for await (const text of texts) if (text.includes(wanted)) then();
}

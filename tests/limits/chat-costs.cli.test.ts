import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { refusalReply, textReply } from '../../src/demo/replies.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { callThenSay } from '../tools/upstream.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { ONE_EACH, type Proxy, type ProxyOptions } from '../support/start-proxy.ts';

const BODY = { model: 'sonnet', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

const TOOLS = [{ name: 'look', input_schema: { type: 'object' } }];

let proxy: Proxy;
let key: { key: string; id: string };

/** A key of the test's own is what its costs are counted by. */
async function open(options: Pick<ProxyOptions, 'answer' | 'settings'>, rules: object = {}) {
  proxy = await shareProxy(options);
  const file = toKeysFile(join(proxy.folder, 'state'));
  const scopes = ['chat' as const, 'agent' as const];
  key = await addKey(file, crypto.randomUUID(), { scopes, ...rules });
}

/** What the key's requests have cost so far, as `/metrics` tells it. */
async function readCost() {
  const text = await (await fetch(`${proxy.url}/metrics`)).text();
  const line = new RegExp(`^claude_proxy_cost_usd_total\\{key="${key.id}"\\} (.*)$`, 'm').exec(
    text,
  );
  return Number(line?.[1] ?? 0);
}

/** The result comes just behind the answer. */
const expectCost = (costUsd: number) =>
  vi.waitFor(async () => expect(await readCost()).toBeCloseTo(costUsd, 8), { timeout: 10_000 });

const send = (path: string, body: object) =>
  proxy.send(path, body, { headers: { authorization: `Bearer ${key.key}` } });

async function ask(more: object = {}) {
  const response = await send('/v1/messages', { ...BODY, ...more });
  expect(response.status).toBe(200);
  return response.json();
}

test.for([
  ['a process that serves them all', {}],
  ['a process for each', ONE_EACH],
] as const)('every answer is charged, and all of them the same: %s', async ([, settings]) => {
  await open({ settings, answer: () => textReply('Hello.') });
  await ask();
  await vi.waitFor(async () => expect(await readCost()).toBeGreaterThan(0), { timeout: 10_000 });
  const one = await readCost();
  await ask();
  await ask({ system: 'Say hello.' });
  await expectCost(3 * one);
});

test('an answer that the CLI would go on from is charged once it was interrupted', async () => {
  await open({ answer: () => refusalReply() });
  await ask();
  await vi.waitFor(async () => expect(await readCost()).toBeGreaterThan(0), { timeout: 10_000 });
});

test('a tool loop is charged when its turn ends', async () => {
  await open({ answer: callThenSay([{ name: 'look', input: {} }]) });
  const called = (await ask({ tools: TOOLS })) as { content: { id: string }[] };
  expect(await readCost()).toBe(0);
  const [call] = called.content;
  const results = [{ type: 'tool_result', tool_use_id: call?.id, content: 'A tree.' }];
  const messages = [
    ...BODY.messages,
    { role: 'assistant', content: called.content },
    { role: 'user', content: results },
  ];
  await ask({ tools: TOOLS, messages });
  await vi.waitFor(async () => expect(await readCost()).toBeGreaterThan(0), { timeout: 10_000 });
  const loop = await readCost();
  proxy.model.answer = () => textReply('Seen.');
  await ask();
  await vi.waitFor(async () => expect(await readCost()).toBeGreaterThan(loop), { timeout: 10_000 });
  expect((await readCost()) - loop).toBeLessThan(loop);
});

test('a key whose dollars of the day are spent by chats gets a 429, chats and agents alike', async () => {
  await open({ answer: () => textReply('Hello.') }, { usdPerDay: 0.000_001 });
  await ask();
  await vi.waitFor(async () => expect(await readCost()).toBeGreaterThan(0), { timeout: 10_000 });
  const refused = await send('/v1/messages', BODY);
  expect(refused.status).toBe(429);
  expect(await refused.text()).toContain('spend 0.000001 USD a day');
  expect((await send('/api/run', { prompt: 'Hi' })).status).toBe(429);
});

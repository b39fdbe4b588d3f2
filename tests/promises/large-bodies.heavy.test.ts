import { once } from 'node:events';

import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';

import { DIALECTS, say } from '../faults/dialects.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { isAlive } from '../support/watch-place.ts';

let product: Product;
afterEach(() => product.stop());

const KEYS = 4;
const BODIES_PER_KEY = 10;

async function addKey(name: string) {
  const answer = await product.send('/api/admin/keys', { name, scopes: ['chat'] });
  return ((await answer.json()) as { key: string }).key; // our own route
}

test.each([
  ['Latin', 'x'.repeat(30_000_000)],
  ['Cyrillic', 'ш'.repeat(15_000_000)],
] as const)(
  'a server with a heap of 512 MB lives through 40 bodies of 30 MB at once, of four keys and in %s letters',
  async (_letters, text) => {
    product = await startProduct({ settings: { NODE_OPTIONS: '--max-old-space-size=512' } });
    const { path, toBody } = DIALECTS.messages;
    const body = JSON.stringify(toBody(text));
    const send = async (key: string) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const answer = await fetch(`${product.url}${path}`, { method: 'POST', headers, body });
      await answer.text();
      return answer.status;
    };
    const keys: string[] = [];
    for (let index = 0; index < KEYS; index += 1) keys.push(await addKey(`key-${index}`));
    const answers = await Promise.allSettled(
      keys.flatMap((key) => Array.from({ length: BODIES_PER_KEY }, () => send(key))),
    );
    expect(isAlive(product.pid)).toBe(true);
    const statuses = answers.map((answer) => answer.status === 'fulfilled' && answer.value);
    expect(statuses).toEqual(expect.arrayContaining([429, 529]));
    expect(await (await say(product, 'messages', 'Hello.')).text()).toContain('You said');
  },
);

test('it lives through 40 messages of 30 MB over as many WebSockets, too', async () => {
  product = await startProduct({ settings: { NODE_OPTIONS: '--max-old-space-size=512' } });
  const message = JSON.stringify({
    type: 'response.create',
    model: 'sonnet',
    input: 'x'.repeat(30_000_000),
  });
  const say30MB = async (key: string) => {
    const socket = new WebSocket(`${product.url.replace('http', 'ws')}/v1/responses`, {
      headers: { authorization: `Bearer ${key}` },
    });
    socket.on('error', () => undefined); // it may be cut while it sends
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[code: number]>;
    const told = once(socket, 'message') as Promise<[data: Buffer]>;
    socket.send(message);
    const [data] = await Promise.race([told, closed.then(() => [Buffer.from('{}')])]);
    const { type, status } = JSON.parse(String(data)) as { type?: string; status?: number };
    socket.close();
    await closed;
    return status ?? type;
  };
  const keys: string[] = [];
  for (let index = 0; index < KEYS; index += 1) keys.push(await addKey(`key-${index}`));
  const answers = await Promise.all(
    keys.flatMap((key) => Array.from({ length: BODIES_PER_KEY }, () => say30MB(key))),
  );
  expect(isAlive(product.pid)).toBe(true);
  expect(answers).toEqual(expect.arrayContaining([429, 503]));
  expect(answers).not.toContain(undefined); // each was told
  expect(await (await say(product, 'messages', 'Hello.')).text()).toContain('You said');
});

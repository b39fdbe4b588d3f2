import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { readRssBytes } from '../../src/claude/process/system-processes.ts';
import { say } from '../faults/dialects.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { KEY } from '../support/start-proxy.ts';

const COUNT = 10_000;

const KINDS = ['keep-alive', 'web-socket', 'silent'] as const;

let product: Product;
let client: ReturnType<typeof hold> | undefined;
afterEach(async () => {
  client?.kill();
  await product.stop();
});

test.each(KINDS)(
  `${COUNT} idle connections (%s) cost little, and others are answered`,
  async (kind) => {
    product = await startProduct({
      settings: { MAX_WEB_SOCKETS_PER_KEY: String(COUNT), LOG_LEVEL: 'silent' },
    });
    await (await say(product, 'messages', 'Hello.')).text();
    const before = readRss();

    client = hold(kind, COUNT);
    const [told] = (await once(client.stdout, 'data')) as [Buffer];
    const { open } = JSON.parse(String(told)) as { open: number };
    const bytesEach = (readRss() - before) / open;
    console.log(`${kind}: ${open} open, ${(bytesEach / 1024).toFixed(1)} KB each`);
    expect(open).toBe(COUNT);
    expect(bytesEach).toBeLessThan(40_000);
    expect((await product.send('/health')).status).toBe(200);
    expect(await (await say(product, 'messages', 'Hello.')).text()).toContain('You said');
  },
);

test('where files are few, connections take none that the server itself needs', async () => {
  product = await startProduct({
    settings: { MAX_WEB_SOCKETS_PER_KEY: String(COUNT), LOG_LEVEL: 'silent' },
    launcher: ['prlimit', '--nofile=400:400'],
  });
  client = hold('silent', 1000);
  await once(client.stdout, 'data');
  expect((await product.send('/health')).status).toBe(200);
  expect(await (await say(product, 'messages', 'Hello.')).text()).toContain('You said');
});

function hold(kind: (typeof KINDS)[number], count: number) {
  const script = join(import.meta.dirname, 'heavy/idle-connections.ts');
  const args = [script, kind, String(count), new URL(product.url).port, KEY];
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
}

function readRss() {
  return readRssBytes(product.pid) ?? Number.NaN;
}

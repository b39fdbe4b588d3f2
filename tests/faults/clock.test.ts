import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask } from '../support/calls.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectRecovered, readSurroundings } from './surroundings.ts';

const HOUR_MS = 3_600_000;

let product: Product;
let file: string;
afterEach(() => product.stop());

/** The program's own clock jumps, not the machine's: the settings that name times are far from all of it. */
async function startWithClock() {
  product = await startProduct({
    prepare: async (folder) => {
      file = join(folder, 'clock');
      await writeFile(file, '0');
    },
    settings: {
      NODE_OPTIONS: `--import=${join(import.meta.dirname, 'shifted-clock.mjs')}`,
      ...ONE_EACH,
      WORKER_CONCURRENCY: '1',
      SESSION_TTL_MS: String(HOUR_MS),
      get CLOCK_OFFSET_FILE() {
        return file;
      },
    },
  });
}

test.each([
  ['ahead', 5 * HOUR_MS],
  ['back', -5 * HOUR_MS],
] as const)(
  'a clock that jumps %s in the middle of an answer changes nothing in it',
  async (_, offsetMs) => {
    await startWithClock();
    const before = await readSurroundings(product);
    const release = Promise.withResolvers<void>();
    product.model.answer = () => heldReply('one two three four', release.promise);
    const response = await ask(product, 'messages', 'Hi', { stream: true });
    const stream = await readStream('messages', response, (text) => {
      if (text === 'one two') void jump(offsetMs).then(release.resolve, release.reject);
    });
    expect(stream).toMatchObject({ text: 'one two three four', hasNormalEnd: true });

    const health = await (await fetch(`${product.url}/health`)).json();
    const { uptimeSeconds } = health as { uptimeSeconds: number };
    expect([uptimeSeconds >= 0, uptimeSeconds < 600]).toEqual([true, true]);

    product.model.answer = demoAnswer;
    const created = await (await ask(product, 'chat completions', 'Hi')).json();
    expect((created as { created: number }).created).toBeCloseTo(
      (Date.now() + offsetMs) / 1000,
      -2, // seconds
    );
    await expectRecovered(product, before);
  },
);

test('what was stored lives by the clock: it ends with a jump ahead, and no jump back loses any', async () => {
  await startWithClock();
  product.model.answer = demoAnswer;
  expect((await ask(product, 'agent runs', 'Remember me.')).status).toBe(200);
  const stored = await product.send('/v1/responses', { model: 'sonnet', input: 'Keep me.' });
  const { id } = (await stored.json()) as { id: string }; // the API's response object

  await jump(-5 * HOUR_MS);
  expect(await countSessions()).toBe(1);
  expect((await product.send(`/v1/responses/${id}`)).status).toBe(200);
  expect((await ask(product, 'agent runs', 'In the past.')).status).toBe(200);
  await jump(0);
  expect((await product.send(`/v1/responses/${id}`)).status).toBe(200);
  expect(await countSessions()).toBe(1);
  await jump(2 * HOUR_MS);
  expect(await countSessions()).toBe(0);
  expect((await product.send(`/v1/responses/${id}`)).status).toBe(200);
});

/** Sets the clock off by so much. */
async function jump(offsetMs: number) {
  await writeFile(file, String(offsetMs));
  process.kill(product.pid, 'SIGUSR2');
  await vi.waitFor(
    async () => expect(await readFile(`${file}.seen`, 'utf8')).toBe(String(offsetMs)),
    60_000,
  );
}

async function countSessions() {
  const { sessions } = (await (await product.send('/api/sessions')).json()) as {
    sessions: unknown[]; // GET /api/sessions
  };
  return sessions.length;
}

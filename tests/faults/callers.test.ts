import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { textReply } from '../../src/demo/replies.ts';
import { ask } from '../support/calls.ts';
import { readQueue } from '../support/watch-place.ts';
import { openSlowReader } from './open-slow-reader.ts';
import { type Product, startProduct } from './start-product.ts';
import {
  expectAnswer,
  expectRecovered,
  readSurroundings,
  type Surroundings,
} from './surroundings.ts';

const CALLERS = 1000;

let product: Product;
let before: Surroundings;
beforeAll(async () => {
  product = await startProduct({
    settings: {
      WORKER_CONCURRENCY: '1',
      MAX_QUEUE_SIZE: String(CALLERS),
      QUEUE_TIMEOUT_MS: '100000',
      REQUEST_TIMEOUT_MS: '100000',
    },
  });
  await expectAnswer(product);
  before = await readSurroundings(product);
});
afterAll(() => product.stop());

test('1,000 at once, half of whom leave: the others are answered, nobody else is asked for', async () => {
  product.model.answer = () => textReply('Here you are.');
  const known = product.model.requests.length;
  const leaving = new AbortController();
  const callers = Array.from({ length: CALLERS }, async (_, index) => {
    const options = index % 2 === 0 ? {} : { signal: leaving.signal };
    const response = await ask(product, 'messages', `Caller ${index}`, options);
    return { status: response.status, text: await response.text() };
  });
  const outcomes = Promise.allSettled(callers);
  await vi.waitFor(
    async () => expect((await readQueue(product)).waiting).toBeGreaterThan(CALLERS * 0.8),
    60_000,
  );
  leaving.abort();

  const answered = (await outcomes).flatMap((outcome) =>
    outcome.status === 'fulfilled' ? [outcome.value] : [],
  );
  expect(answered.length).toBeGreaterThanOrEqual(CALLERS / 2);
  expect(answered.length).toBeLessThan(CALLERS * 0.8);
  for (const { status, text } of answered) {
    expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining('Here you') });
  }
  // Those who left while they waited cost the API nothing.
  expect(product.model.requests.length - known).toBeLessThan(answered.length + CALLERS * 0.05);
  await expectRecovered(product, before);
});

test('who reads a byte a second holds a place no longer than REQUEST_TIMEOUT_MS, and costs no memory', async () => {
  await product.stop();
  product = await startProduct({
    answer: demoAnswer,
    settings: { WORKER_CONCURRENCY: '1', REQUEST_TIMEOUT_MS: '6000', SILENCE_TIMEOUT_MS: '2000' },
  });
  await expectAnswer(product);
  const alone = await readSurroundings(product);
  const slow = await openSlowReader(product, 'demo:long=50000');
  await vi.waitFor(async () => expect((await readQueue(product)).running).toBe(1), 5000);

  await vi.waitFor(async () => expect((await readQueue(product)).running).toBe(0), 15_000);
  expect(slow.read).toBeLessThan(30);
  expect(slow.socket.destroyed).toBe(false);
  await expectAnswer(product);
  slow.socket.destroy();
  await expectRecovered(product, alone);
});

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
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

/** One in so many stays. */
const STAYS = 10;

/** Longer than a hundred answers take on a busy machine, one after the other. */
const LONG_MS = 300_000;

let product: Product;
let before: Surroundings;
beforeAll(async () => {
  product = await startProduct({
    settings: {
      WORKER_CONCURRENCY: '1',
      MAX_QUEUE_SIZE: String(CALLERS),
      QUEUE_TIMEOUT_MS: String(LONG_MS),
      REQUEST_TIMEOUT_MS: String(LONG_MS),
    },
  });
  await expectAnswer(product);
  before = await readSurroundings(product);
});
afterAll(() => product.stop());

test(
  '1,000 at once, of whom 900 leave: the others are answered, nobody else is asked for',
  async () => {
    const haveLeft = Promise.withResolvers<void>();
    product.model.answer = () => heldReply('Here you are.', haveLeft.promise);
    const known = product.model.requests.length;
    const leaving = new AbortController();
    const callers = Array.from({ length: CALLERS }, async (_, index) => {
      const options = index % STAYS === 0 ? {} : { signal: leaving.signal };
      const response = await ask(product, 'messages', `Caller ${index}`, options);
      return { status: response.status, text: await response.text() };
    });
    const outcomes = Promise.allSettled(callers);
    await untilWaiting((count) => count === CALLERS - 1);
    leaving.abort();
    await untilWaiting((count) => count < CALLERS / STAYS);
    haveLeft.resolve();

    const answered = (await outcomes).flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    expect(answered).toHaveLength(CALLERS / STAYS);
    for (const { status, text } of answered) {
      expect({ status, text }).toEqual({ status: 200, text: expect.stringContaining('Here you') });
    }
    // Those who left while they waited cost the API nothing; one may have had its turn.
    expect(product.model.requests.length - known).toBeLessThanOrEqual(answered.length + 1);
    await expectRecovered(product, before);
  },
  LONG_MS,
);

test('who reads a byte a second holds a place no longer than REQUEST_TIMEOUT_MS', async () => {
  await product.stop();
  product = await startProduct({
    answer: demoAnswer,
    settings: { WORKER_CONCURRENCY: '1', REQUEST_TIMEOUT_MS: '20000', SILENCE_TIMEOUT_MS: '5000' },
  });
  await expectAnswer(product);
  const alone = await readSurroundings(product);
  const slow = await openSlowReader(product, 'demo:long=50000');
  await vi.waitFor(async () => expect((await readQueue(product)).running).toBe(1), 20_000);

  await vi.waitFor(async () => expect((await readQueue(product)).running).toBe(0), 60_000);
  expect(slow.read).toBeLessThan(1000); // of 50,000 words
  expect(slow.socket.destroyed).toBe(false);
  await expectAnswer(product);
  slow.socket.destroy();
  await expectRecovered(product, alone);
});

function untilWaiting(isDone: (count: number) => boolean) {
  return vi.waitFor(async () => expect((await readQueue(product)).waiting).toSatisfy(isDone), {
    timeout: LONG_MS,
    interval: 200,
  });
}

import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { cutReply, type Reply, silentReply, slowReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { UPSTREAM_CASES } from '../failures/upstream-cases.ts';
import { ask } from '../support/calls.ts';
import { type Product, startProduct } from './start-product.ts';
import {
  expectAnswer,
  expectRecovered,
  readSurroundings,
  type Surroundings,
} from './surroundings.ts';

const TEXT = 'one two three four';

let product: Product;
let before: Surroundings;
beforeAll(async () => {
  product = await startProduct({
    settings: {
      WORKER_CONCURRENCY: '1',
      CLAUDE_MAX_RETRIES: '1',
      FIRST_BYTE_TIMEOUT_MS: '8000',
      REQUEST_TIMEOUT_MS: '20000',
    },
  });
  await expectAnswer(product); // from here on there is a process that is used again
  before = await readSurroundings(product);
});
afterAll(() => product.stop());

test.each([
  ['400', 'a request that the API refuses'],
  ['401', 'a login that the API refuses'],
  ['403', 'an account that may not'],
  ['404', 'a model that the account lacks'],
  ['413', 'a request too large for the API'],
  ['429', 'a rate limit of seconds'],
  ['500', 'a failure of the API'],
  ['529', 'an overload'],
] as const)('%s: %s', async (_, name) => {
  const { reply, anthropic, sentence } = UPSTREAM_CASES[name];
  product.model.answer = reply;
  expect(await readFailure(await ask(product, 'messages', 'Hi'))).toMatchObject({
    ...anthropic,
    message: expect.stringMatching(sentence),
  });
  await expectRecovered(product, before);
});

test('cut: the stream ends with the error, a whole answer is one', async () => {
  const seen = Promise.withResolvers<void>();
  product.model.answer = () => cutReply(TEXT, { seen: seen.promise });
  const response = await ask(product, 'messages', 'Hi', { stream: true });
  const stream = await readStream('messages', response, (text) => {
    if (text === 'one two') seen.resolve();
  });
  expect(stream).toMatchObject({ text: 'one two', last: { event: 'error' }, hasNormalEnd: false });
  expect(await readFailure(await ask(product, 'messages', 'Hi'))).toMatchObject({ status: 500 });
  await expectRecovered(product, before);
});

test('silent: a 504 after FIRST_BYTE_TIMEOUT_MS', async () => {
  product.model.answer = () => silentReply();
  expect(await readFailure(await ask(product, 'messages', 'Hi'))).toMatchObject({
    status: 504,
    message: expect.stringContaining('FIRST_BYTE_TIMEOUT_MS'),
  });
  await expectRecovered(product, before);
});

test('slow to the first byte: waited for', async () => {
  product.model.answer = () => slowStart(TEXT, 2500);
  const response = await ask(product, 'messages', 'Hi');
  expect(await response.text()).toContain(TEXT);
  await expectRecovered(product, before);
});

test.each([true, false])(
  'endless: it ends with REQUEST_TIMEOUT_MS (streamed: %s)',
  async (stream) => {
    product.model.answer = () => slowReply('word '.repeat(20_000), () => delay(5));
    const reached = untilNext();
    const body = await (await ask(product, 'messages', 'Hi', { stream })).text();
    expect(body).toContain('"timeout_error"');
    expect(body.includes('word')).toBe(stream);
    expect(await (await reached).closed).toBe('aborted');
    await expectRecovered(product, before);
  },
);

function slowStart(text: string, delayMs: number): Reply {
  async function* steps() {
    yield { until: delay(delayMs) };
    yield* textReply(text).steps;
  }
  return { steps: steps() };
}

function untilNext() {
  const known = new Set(product.model.requests);
  return product.model.waitForRequest((request) => !known.has(request));
}

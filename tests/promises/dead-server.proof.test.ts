import { afterAll, beforeAll, expect, test } from 'vitest';

import { heldReply, textReply } from '../../src/demo/replies.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { lastTextOf } from '../support/upstream-texts.ts';

/** Each test kills the first. */
let first: Product;
let living: [Product, Product];
beforeAll(async () => {
  const never = new Promise<void>(() => undefined);
  first = await startProduct({
    settings: { WORKER_CONCURRENCY: '1' },
    answer: (_, request) =>
      lastTextOf(request) === 'Long.' ? heldReply('A long answer.', never) : textReply('Short.'),
  });
  living = await Promise.all([first.start(), first.start()]);
});
afterAll(async () => {
  await Promise.all(living.map((product) => product.stopProgram('SIGTERM')));
  await first.stop();
});

test('what a killed server had queued another one carries out, and what it was at is interrupted', async () => {
  const atWork = await begin('Long.');
  await first.model.waitForRequest((request) => lastTextOf(request) === 'Long.');
  const prompts = ['A.', 'B.', 'C.'];
  const queued = [];
  for (const prompt of prompts) queued.push(await begin(prompt));
  await first.stopProgram('SIGKILL');

  // Whichever carries them out, both tell of them.
  for (const product of living) {
    for (const id of queued) {
      const events = await (await product.send(`/api/runs/${id}/events`)).text(); // to their end
      expect(events.match(/"type":"run-end"/g)).toHaveLength(1);
      expect(await read(product, id)).toMatchObject({ state: 'done' });
    }
    expect(await read(product, atWork)).toMatchObject({ state: 'interrupted' });
  }
  const asked = first.model.requests.map((request) => lastTextOf(request) ?? '');
  expect(asked.filter((text) => prompts.includes(text)).toSorted()).toEqual(prompts);
});

test('a response in the background that a killed server was at has failed, while others go on', async () => {
  first = await living[0].start();
  first.model.requests.length = 0; // the first test asked for the same
  const body = { model: 'sonnet', input: 'Long.', background: true };
  const created = await first.send('/v1/responses', body);
  const { id } = (await created.json()) as { id: string }; // as the API has it
  await first.model.waitForRequest((request) => lastTextOf(request) === 'Long.');
  const own = await living[0].send('/v1/responses', body);
  const { id: ownId } = (await own.json()) as { id: string }; // as above
  await first.stopProgram('SIGKILL');

  const readResponse = async (wanted: string) =>
    (await living[1].send(`/v1/responses/${wanted}`)).json();
  await expect
    .poll(() => readResponse(id), { timeout: 20_000, interval: 250 })
    .toMatchObject({ status: 'failed', error: { code: 'server_error' } });
  expect(await readResponse(ownId)).not.toMatchObject({ status: 'failed' });
});

async function begin(prompt: string) {
  const body = { model: 'sonnet', prompt, background: true };
  const { id } = (await (await first.send('/api/run', body)).json()) as { id: string }; // our own route
  return id;
}

async function read(product: Product, id: string) {
  return (await product.send(`/api/runs/${id}`)).json();
}

import { afterEach, expect, test, vi } from 'vitest';

import { type Product, startProduct } from './start-product.ts';

let product: Product;
afterEach(() => product.stop());

const COUNT = 30;
const ids = Array.from({ length: COUNT }, (_, index) => `item-${index}`);

async function read(path: string): Promise<Record<string, unknown>> {
  return (await (await product.send(path)).json()) as Record<string, unknown>; // as each route answers
}

test('a SIGKILL in the middle of a batch: exactly one answer for each request', async () => {
  product = await startProduct();
  const asked = product.model.requests.length;
  const requests = ids.map((id) => ({
    custom_id: id,
    params: { model: 'sonnet', max_tokens: 1000, messages: [{ role: 'user', content: id }] },
  }));
  const answer = await product.send('/v1/messages/batches', { requests });
  const { id } = (await answer.json()) as { id: string }; // a batch
  await vi.waitUntil(() => product.model.requests.length >= asked + COUNT / 2, { timeout: 60_000 });

  product = await product.restart('SIGKILL');
  const path = `/v1/messages/batches/${id}`;
  await vi.waitUntil(async () => (await read(path))['processing_status'] === 'ended', {
    timeout: 60_000,
    interval: 200,
  });
  const lines = await (await product.send(`${path}/results`)).text();
  const results = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { custom_id: string; result: { type: string } });

  expect(results.map(({ custom_id }) => custom_id)).toEqual(ids);
  expect(new Set(results.map(({ result }) => result.type))).toEqual(new Set(['succeeded']));
  // What was under way when it died may be asked twice: two at a time are.
  const texts = product.model.requests.map(({ body }) => JSON.stringify(body));
  const again = ids.filter((one) => texts.filter((text) => text.includes(`"${one}"`)).length > 1);
  expect(again.length).toBeLessThanOrEqual(2);
});

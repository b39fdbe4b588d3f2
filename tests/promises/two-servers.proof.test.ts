import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { heldReply, textReply } from '../../src/demo/replies.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { lastTextOf } from '../support/upstream-texts.ts';

let one: Product;
let other: Product;
beforeAll(async () => {
  one = await startProduct();
  other = await one.start();
});
beforeEach(() => {
  one.model.requests.length = 0;
});
afterAll(async () => {
  await other.stopProgram('SIGTERM');
  await one.stop();
});

const wasAsked = (text: string) => (request: UpstreamRequest) => lastTextOf(request) === text;

test('two runs of one session wait for each other on two servers of one state folder', async () => {
  const { sessionId } = await run(one, { prompt: 'Begin.' });
  const release = holdLong();

  const long = run(one, { prompt: 'Long.', sessionId });
  await one.model.waitForRequest(wasAsked('Long.'));
  const second = run(other, { prompt: 'Second.', sessionId });
  // It begins later on the same server, which has a place, and is through first.
  await run(other, { prompt: 'Elsewhere.' });
  expect(one.model.requests.map(lastTextOf)).toEqual(['Begin.', 'Long.', 'Elsewhere.']);

  release();
  expect(await long).toMatchObject({ result: 'A long answer.' });
  expect(await second).toMatchObject({ result: 'Short.', sessionId });
  expect(JSON.stringify(one.model.requests.at(-1)?.body)).toContain('A long answer.');
});

test('a server that starts leaves alone what another one is at', async () => {
  const release = holdLong();
  const begun = await one.send('/api/run', { model: 'sonnet', prompt: 'Long.', background: true });
  const { id } = (await begun.json()) as { id: string }; // our own route
  const asked = { model: 'sonnet', input: 'Long.', background: true };
  const response = (await (await one.send('/v1/responses', asked)).json()) as { id: string };
  await one.model.waitForRequest(wasAsked('Long.'));

  const third = await one.start();
  try {
    expect(await read(third, `/api/runs/${id}`)).toMatchObject({ state: 'running' });
    expect(await read(third, `/v1/responses/${response.id}`)).not.toMatchObject({
      status: 'failed',
    });
    release();
    const events = await (await one.send(`/api/runs/${id}/events`)).text(); // to their end
    expect(events).toContain('A long answer.');
    expect(await read(third, `/api/runs/${id}`)).toMatchObject({ state: 'done' });
  } finally {
    await third.stopProgram('SIGTERM');
  }
});

test('a limit holds for what a key asks of both', async () => {
  const file = toKeysFile(join(one.folder, 'state'));
  const { key } = await addKey(file, 'limited', { scopes: ['chat'], requestsPerMinute: 3 });
  const statuses = [];
  for (const product of [one, other, one, other, one]) {
    const headers = { authorization: `Bearer ${key}` };
    const body = { model: 'sonnet', messages: [{ role: 'user', content: 'Hello.' }] };
    const response = await product.send('/v1/chat/completions', body, { headers });
    await response.text();
    statuses.push(response.status);
  }
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
});

test('a server that is killed holds no session', async () => {
  const { sessionId } = await run(one, { prompt: 'Begin.' });
  holdLong();
  const long = run(one, { prompt: 'Long.', sessionId }).catch(String);
  await one.model.waitForRequest(wasAsked('Long.'));
  const second = run(other, { prompt: 'Second.', sessionId });
  await one.stopProgram('SIGKILL');
  await long;
  expect(await second).toMatchObject({ result: 'Short.', sessionId });
});

/** The model stops in the middle of its answer to "Long." until it is released. */
function holdLong() {
  const gate = Promise.withResolvers<void>();
  one.model.answer = (_, request) =>
    wasAsked('Long.')(request) ? heldReply('A long answer.', gate.promise) : textReply('Short.');
  return gate.resolve;
}

async function run(product: Product, body: Record<string, unknown>) {
  const response = await product.send('/api/run', { model: 'sonnet', ...body });
  const answer = (await response.json()) as Record<string, unknown>; // our own route
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  return answer;
}

async function read(product: Product, path: string) {
  return (await product.send(path)).json();
}

import { once } from 'node:events';

import OpenAI from 'openai';
import { expect, test } from 'vitest';

import type { Run } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { APP_KEY, createTestApp, post } from '../../support/create-test-app.ts';
import { cannedRun, text } from '../canned-run.ts';

const PATH = '/v1/chat/completions';
const BODY = { model: 'sonnet', n: 3, messages: [{ role: 'user' as const, content: 'Hi' }] };

/** A run that says the number of its request, and tells who asked. */
function createRun() {
  const ids: string[] = [];
  const run: Run = (request) => {
    ids.push(request.caller.requestId);
    return cannedRun([text(`Answer ${ids.length}`, '.')]);
  };
  return { run, ids };
}

function createClient(run: Run) {
  const app = createTestApp({ run });
  return new OpenAI({
    apiKey: APP_KEY,
    baseURL: 'http://127.0.0.1/v1',
    maxRetries: 0,
    fetch: async (url, init) => app.request(url, init),
  });
}

test('n answers are n choices; the prompt counts once, what was said each time', async () => {
  const { run, ids } = createRun();
  const completion = await createClient(run).chat.completions.create(BODY);
  expect(completion.choices.map(({ index, message }) => [index, message.content])).toEqual([
    [0, 'Answer 1.'],
    [1, 'Answer 2.'],
    [2, 'Answer 3.'],
  ]);
  expect(completion.usage).toMatchObject({
    prompt_tokens: 15,
    completion_tokens: 15,
    total_tokens: 30,
  });
  const [first] = ids;
  expect(ids).toEqual([first, `${first}-2`, `${first}-3`]);
});

test('streamed, each chunk tells of which answer it is, under one id', async () => {
  const client = createClient(createRun().run);
  const stream = await client.chat.completions.create({
    ...BODY,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const said = ['', '', ''];
  const ends: [number, string][] = [];
  for (const { index, delta, finish_reason: finish } of chunks.flatMap(({ choices }) => choices)) {
    said[index] += delta.content ?? '';
    if (finish) ends.push([index, finish]);
  }
  expect(said).toEqual(['Answer 1.', 'Answer 2.', 'Answer 3.']);
  expect(ends.toSorted(([one], [other]) => one - other)).toEqual([
    [0, 'stop'],
    [1, 'stop'],
    [2, 'stop'],
  ]);
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 15 } });
});

/** The second fails at once; the others hold until they are ended. */
function createFailing() {
  const ended: number[] = [];
  let count = 0;
  const run: Run = async function* failing(_request, signal) {
    const index = (count += 1);
    if (index === 2) throw new RunError('overloaded', 'The API is overloaded.');
    try {
      for await (const event of cannedRun([text('word')]))
        if (event.type !== 'run-end') yield event;
      if (!signal.aborted) await once(signal, 'abort');
      throw signal.reason;
    } finally {
      ended.push(index);
    }
  };
  return { run, ended };
}

test('when one fails, all do, and the others end', async () => {
  const { run, ended } = createFailing();
  const response = await post(createTestApp({ run }), PATH, BODY);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { message: 'The API is overloaded.' } });
  expect(ended).toEqual([1, 3]);
});

test('a failure in a stream that has begun is its last message', async () => {
  const { run, ended } = createFailing();
  const response = await post(createTestApp({ run }), PATH, { ...BODY, stream: true });
  const said = await response.text();
  expect(said).toContain('The API is overloaded.');
  expect(said).not.toContain('[DONE]');
  expect(ended).toEqual([1, 3]);
});

test('nine are too many', async () => {
  const response = await post(createTestApp(), PATH, { ...BODY, n: 9 });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'n' } });
});

import OpenAI from 'openai';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { KEY, type Proxy, startProxy } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toProcess, toResults, toSpoken } from '../tools/upstream.ts';
import { CALLS, HELLO, testCounting, WEATHER } from './with-openai.ts';

let proxy: Proxy;
let openai: OpenAI;
beforeAll(async () => {
  proxy = await startProxy();
  openai = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, maxRetries: 0 });
});
afterAll(() => proxy.stop());
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe('function calls', () => {
  test('wait in the process for their outputs', async () => {
    proxy.model.answer = callThenSay(CALLS, 'Both are sunny.');
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'How is it?' }];
    const first = await openai.responses.create({ ...HELLO, input, tools: [WEATHER] });
    const process = toProcess(lastRequest(proxy));
    const second = await openai.responses.create({
      ...HELLO,
      input: [...input, ...toInput(first), ...toOutputs(first)],
      tools: [WEATHER],
    });
    expect(second.output_text).toBe('Both are sunny.');
    expect(toProcess(lastRequest(proxy))).toBe(process);
    expect(toResults(lastRequest(proxy)).map(({ content }) => JSON.stringify(content))).toEqual([
      expect.stringContaining('Sunny in Paris.'),
      expect.stringContaining('Sunny in Rome.'),
    ]);
  });

  test('are answered by their outputs alone, with previous_response_id', async () => {
    proxy.model.answer = callThenSay(CALLS, 'Both are sunny.');
    const first = await openai.responses.create({ ...HELLO, tools: [WEATHER] });
    const process = toProcess(lastRequest(proxy));
    const second = await openai.responses.create({
      ...HELLO,
      input: toOutputs(first),
      previous_response_id: first.id,
      tools: [WEATHER],
    });
    expect(second.output_text).toBe('Both are sunny.');
    expect(toProcess(lastRequest(proxy))).toBe(process);
  });
});

test('a response runs in the background until it is complete, or cancelled', async () => {
  const held = Promise.withResolvers<void>();
  proxy.model.answer = () => heldReply('one two three four', held.promise);
  const one = await openai.responses.create({ ...HELLO, background: true });
  const other = await openai.responses.create({ ...HELLO, input: 'Bye.', background: true });
  expect([one.status, other.status]).toEqual(['queued', 'queued']);
  const upstream = await proxy.model.waitForRequest(({ body }) =>
    JSON.stringify(body.messages).includes('Bye.'),
  );

  expect((await openai.responses.cancel(other.id)).status).toBe('cancelled');
  await expect(upstream.closed).resolves.toBe('aborted');
  held.resolve();
  let polled = one;
  while (polled.status === 'queued' || polled.status === 'in_progress') {
    polled = await openai.responses.retrieve(one.id);
  }
  expect(polled).toMatchObject({ status: 'completed', output_text: 'one two three four' });
});

testCounting({ openai: () => openai, proxy: () => proxy });

test('a conversation goes over the WebSocket', async () => {
  const socket = new ResponsesWS(openai);
  try {
    const first = await askOver(socket, { ...HELLO, input: 'My name is Ada.', store: false });
    const next = { ...HELLO, input: 'Who am I?', store: false, previous_response_id: first.id };
    const second = await askOver(socket, next);
    expect(second.status).toBe('completed');
    expect(toSpoken(lastRequest(proxy)).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
    ]);
  } finally {
    socket.close();
  }
});

function toInput({ output }: OpenAI.Responses.Response): OpenAI.Responses.ResponseInput {
  return output as OpenAI.Responses.ResponseInput; // function calls are both
}

function toOutputs({ output }: OpenAI.Responses.Response): OpenAI.Responses.ResponseInput {
  return output.flatMap((item) => {
    if (item.type !== 'function_call') return [];
    const { city } = JSON.parse(item.arguments) as { city: string };
    const { call_id } = item;
    return [{ type: 'function_call_output', call_id, output: `Sunny in ${city}.` } as const];
  });
}

async function askOver(socket: ResponsesWS, body: OpenAI.Responses.ResponseCreateParams) {
  const { promise, resolve, reject } = Promise.withResolvers<OpenAI.Responses.Response>();
  socket.once('response.completed', ({ response }) => resolve(response));
  socket.once('error', reject);
  socket.send({ ...body, type: 'response.create' });
  return promise;
}

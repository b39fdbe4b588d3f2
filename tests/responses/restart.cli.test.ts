import { afterAll, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toSpoken } from '../tools/upstream.ts';

type Response = { id: string; status: string; output: { call_id: string }[]; error: unknown };

const TOOLS = [{ type: 'function', name: 'weather' }];

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

async function create(body: object): Promise<Response> {
  const answer = await proxy.send('/v1/responses', { model: 'sonnet', ...body });
  return (await answer.json()) as Response; // the answer of this route
}

async function read(id: string): Promise<Response> {
  return (await (await proxy.send(`/v1/responses/${id}`)).json()) as Response; // as above
}

test('conversations go on after a restart, and calls from before are answered', async () => {
  proxy.model.answer = demoAnswer;
  const first = await create({ input: 'My name is Ada.' });
  proxy.model.answer = callThenSay([{ name: 'weather', input: { city: 'Rome' } }], 'It is sunny.');
  const called = await create({ input: 'How is it?', tools: TOOLS });
  proxy = await proxy.restart();

  expect(await read(first.id)).toEqual(first);
  await create({ input: 'Who am I?', previous_response_id: first.id });
  expect(toSpoken(lastRequest(proxy)).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'user',
  ]);

  const call_id = called.output[0]?.call_id;
  const second = await create({
    input: [{ type: 'function_call_output', call_id, output: 'sun' }],
    previous_response_id: called.id,
    tools: TOOLS,
  });
  expect(second).toMatchObject({
    status: 'completed',
    output: [{ content: [{ text: 'It is sunny.' }] }],
  });
  expect(toSpoken(lastRequest(proxy)).at(-2)?.content.at(-1)).toMatchObject({
    type: 'tool_use',
    id: call_id,
    input: { city: 'Rome' },
  });
});

test('a background response whose server stops has failed', async () => {
  proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
  const { id } = await create({ input: 'Hi', background: true });
  await proxy.model.waitForRequest(({ body }) => JSON.stringify(body.messages).includes('Hi'));
  proxy = await proxy.restart({ settings: { SHUTDOWN_GRACE_MS: '0' } });
  expect(await read(id)).toMatchObject({
    status: 'failed',
    error: { code: 'server_error', message: expect.stringContaining('shutting down') },
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toSpoken } from '../tools/upstream.ts';

type Response = { id: string; status: string; output: { call_id: string }[]; error: unknown };

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

test('a conversation goes on after a restart', async () => {
  proxy.model.answer = demoAnswer;
  const first = await create({ input: 'My name is Ada.' });
  proxy = await proxy.restart();
  expect(await read(first.id)).toEqual(first);
  await create({ input: 'Who am I?', previous_response_id: first.id });
  expect(toSpoken(lastRequest(proxy)).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'user',
  ]);
});

test('the output of a call that was made before a restart is answered', async () => {
  proxy.model.answer = callThenSay([{ name: 'weather', input: { city: 'Rome' } }], 'It is sunny.');
  const tools = [{ type: 'function', name: 'weather' }];
  const first = await create({ input: 'How is it?', tools });
  const call_id = first.output[0]?.call_id;
  proxy = await proxy.restart();
  const second = await create({
    input: [{ type: 'function_call_output', call_id, output: 'sun' }],
    previous_response_id: first.id,
    tools,
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

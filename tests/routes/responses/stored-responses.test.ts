import { describe, expect, test } from 'vitest';

import { call, text } from '../../dialects/canned-run.ts';
import { readSse } from '../../support/read-sse.ts';
import { createResponsesApp, toSaid } from './responses-app.ts';

describe('a response that is stored', () => {
  test('is read again as it was answered', async () => {
    const { create, read } = createResponsesApp();
    const response = await create({ input: 'Hi' });
    expect(response).toMatchObject({ status: 'completed', store: true });
    expect(await read(`/v1/responses/${response.id}`)).toEqual({ status: 200, body: response });
  });

  test('is there as soon as its stream says that it is complete', async () => {
    const { stream, read } = createResponsesApp();
    for await (const { event, data } of readSse(await stream({ input: 'Hi' }))) {
      if (event !== 'response.completed') continue;
      const { response } = JSON.parse(data);
      expect(await read(`/v1/responses/${response.id}`)).toEqual({ status: 200, body: response });
      return;
    }
    expect.unreachable();
  });

  test('is gone once it is deleted', async () => {
    const { create, read, remove } = createResponsesApp();
    const { id } = await create({ input: 'Hi' });
    expect(await remove(`/v1/responses/${id}`)).toEqual({
      status: 200,
      body: { id, object: 'response', deleted: true },
    });
    expect(await read(`/v1/responses/${id}`)).toMatchObject({
      status: 404,
      body: { error: { type: 'invalid_request_error', message: expect.stringContaining(id) } },
    });
    expect(await remove(`/v1/responses/${id}`)).toMatchObject({ status: 404 });
  });

  test('lists what was said before it, the newest first', async () => {
    const { create, read } = createResponsesApp();
    const first = await create({ input: 'One' });
    const second = await create({ input: 'Two', previous_response_id: first.id });
    const path = `/v1/responses/${second.id}/input_items`;

    const { body } = await read(path);
    expect(body).toMatchObject({
      object: 'list',
      data: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Two' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'One' }] },
      ],
      has_more: false,
    });
    const [last, middle, oldest] = body['data'] as { id: string }[];
    expect(body).toMatchObject({ first_id: last?.id, last_id: oldest?.id });
    expect(await read(`${path}?order=asc&limit=1`)).toMatchObject({
      body: { data: [{ id: oldest?.id }], has_more: true },
    });
    expect(await read(`${path}?order=asc&limit=1&after=${oldest?.id}`)).toMatchObject({
      body: { data: [{ id: middle?.id }], has_more: true },
    });
  });

  test.for(['limit=0', 'limit=101', 'limit=many', 'after=msg_unknown'])(
    'refuses input_items?%s, naming the parameter',
    async (query) => {
      const { create, read } = createResponsesApp();
      const { id } = await create({ input: 'Hi' });
      expect(await read(`/v1/responses/${id}/input_items?${query}`)).toMatchObject({
        status: 400,
        body: { error: { param: query.split('=')[0] } },
      });
    },
  );
});

test.for(['', '/input_items'])('nobody finds a response that was not stored%s', async (path) => {
  const { create, read } = createResponsesApp();
  const { id } = await create({ input: 'Hi', store: false });
  expect(await read(`/v1/responses/${id}${path}`)).toMatchObject({ status: 404 });
});

describe('previous_response_id', () => {
  test('continues the conversation, without the instructions of before', async () => {
    const { create, requests } = createResponsesApp();
    const first = await create({ input: 'One', instructions: 'Be brief.' });
    const second = await create({ input: 'Two', previous_response_id: first.id });
    await create({ input: 'Three', previous_response_id: second.id, instructions: 'Be loud.' });
    expect(second['previous_response_id']).toBe(first.id);
    expect(requests.map(toSaid)).toEqual([
      ['user: One'],
      ['user: One', 'assistant: Hello.', 'user: Two'],
      ['user: One', 'assistant: Hello.', 'user: Two', 'assistant: Hello.', 'user: Three'],
    ]);
    expect(requests.map(({ instructions }) => instructions)).toEqual([
      ['Be brief.'],
      [],
      ['Be loud.'],
    ]);
  });

  test('brings back the calls that an output answers', async () => {
    const { create, requests } = createResponsesApp([
      text('Wait.'),
      call('toolu_1', 'f', '{"a":1}'),
    ]);
    const tools = [{ type: 'function', name: 'f' }];
    const { id } = await create({ input: 'Do it', tools });
    await create({
      input: [{ type: 'function_call_output', call_id: 'toolu_1', output: 'done' }],
      previous_response_id: id,
      tools,
    });
    expect(requests[1]?.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        parts: [{ text: 'Wait.' }, { type: 'tool-call', id: 'toolu_1', input: { a: 1 } }],
      },
      { role: 'user', parts: [{ type: 'tool-result', callId: 'toolu_1' }] },
    ]);
  });

  test.for([
    ['unknown', async () => 'resp_unknown'],
    [
      'not stored',
      async ({ create }: ReturnType<typeof createResponsesApp>) =>
        (await create({ input: 'Hi', store: false })).id,
    ],
  ] as const)('of a response that is %s is a 400 with a code of its own', async ([, toId]) => {
    const called = createResponsesApp();
    const previous_response_id = await toId(called);
    expect(await called.create({ input: 'Hi', previous_response_id })).toMatchObject({
      error: {
        code: 'previous_response_not_found',
        param: 'previous_response_id',
        type: 'invalid_request_error',
      },
    });
  });
});

test('a reference stands for the stored item', async () => {
  const { create, requests } = createResponsesApp();
  const { output } = await create({ input: 'One' });
  const [{ id } = { id: '' }] = output as { id: string }[];
  await create({
    input: [
      { role: 'user', content: 'One' },
      { type: 'item_reference', id },
      { role: 'user', content: 'Two' },
    ],
  });
  expect(requests.map(toSaid)[1]).toEqual(['user: One', 'assistant: Hello.', 'user: Two']);
});

test('a reference to nothing is a 404', async () => {
  const { send } = createResponsesApp();
  const input = [{ id: 'msg_unknown_0' }, { role: 'user', content: 'Two' }];
  expect(await send('/v1/responses', { model: 'sonnet', input })).toMatchObject({
    status: 404,
    body: { error: { param: 'input.0' } },
  });
});

import { beforeAll, describe, expect, test } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { ask, openaiChat, TOOL_DIALECTS, WAYS } from './tool-dialects.ts';
import { callThenSay, lastRequest, toProcess, toSpoken } from './upstream.ts';

const QUESTION = { user: 'Hello.' };

const toSchema = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  ...more,
});

const ODD_SCHEMAS = {
  tuple: toSchema({ at: { type: 'array', items: [{ type: 'number' }, { type: 'number' }] } }),
  bound: toSchema({ size: { minimum: 0, exclusiveMinimum: true } }),
  inProperty: toSchema({ size: { type: 'string', required: true } }),
  nulls: toSchema({ size: { type: 'string', description: null, enum: null } }, { required: null }),
  any: toSchema({ size: { type: 'any' } }),
  twice: toSchema({ size: {} }, { required: ['size', 'size'] }),
  odata: toSchema({ $top: { type: 'integer' }, 'filter[name]': {} }, { required: ['$top'] }),
  union: { oneOf: [toSchema({ a: {} }, { required: ['a'] }), toSchema({ b: {} })] },
  draft7: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...toSchema({ at: { items: [{}] } }),
  },
  ToolSearch: toSchema({}),
};

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy({ answer: () => textReply('ok') });
});

test.each(TOOL_DIALECTS)(
  '$name: no tool is left out for its schema or its name',
  async (dialect) => {
    const tools = Object.entries(ODD_SCHEMAS).map(([name, schema]) => ({ name, schema }));
    await ask(proxy, dialect, { turns: [QUESTION], tools });

    const arrived = lastRequest(proxy).body.tools?.map(({ name }) => name);
    expect(new Set(arrived)).toEqual(
      new Set(
        Object.keys(ODD_SCHEMAS).map((name) => (name === 'ToolSearch' ? 'ToolSearch_' : name)),
      ),
    );
  },
);

describe.each(WAYS)('$name', ({ dialect, stream }) => {
  test('a call of a tool with other names inside comes back in the caller’s, and goes on in its process', async () => {
    const tools = [{ name: 'ToolSearch', schema: ODD_SCHEMAS.odata }];
    const input = { _top: 3, filter_name_: '$top' };
    const seen = proxy.model.requests.length;
    proxy.model.answer = callThenSay([{ id: 'toolu_1', name: 'ToolSearch_', input }]);
    const called = await ask(proxy, dialect, { turns: [QUESTION], tools, stream });

    expect(called.calls).toMatchObject([{ id: 'toolu_1', name: 'ToolSearch' }]);
    expect(JSON.parse(called.calls[0]?.json ?? '')).toEqual({ $top: 3, 'filter[name]': '$top' });

    const results = [{ id: 'toolu_1', content: 'Three.' }];
    const turns = [QUESTION, { calls: called.calls }, { results }];
    const answered = await ask(proxy, dialect, { turns, tools, stream });
    expect(answered.text).toBe('Done.');
    const [first, second] = proxy.model.requests.slice(seen);
    expect(second && toProcess(second)).toBe(first && toProcess(first));

    await ask(proxy, dialect, { turns, tools: [...tools, { name: 'other' }], stream });
    expect(toSpoken(lastRequest(proxy))[1]).toMatchObject({
      content: [{ type: 'tool_use', name: 'ToolSearch_', input }],
    });
  });
});

test('ids that the API refuses, and those that come again, lose no call', async () => {
  proxy.model.answer = () => textReply('ok');
  const pairs = ['call_1', 'functions.Read:0', 'call_1', '', 'a.b', 'a_b'].map((id, index) => ({
    call: { id, name: 'read', json: '{}' },
    result: { id, content: `Result ${index}.` },
  }));
  const turns = pairs.flatMap(({ call, result }) => [{ calls: [call] }, { results: [result] }]);
  await ask(proxy, openaiChat, { turns: [QUESTION, ...turns], tools: [{ name: 'read' }] });

  const blocks = toSpoken(lastRequest(proxy)).flatMap(({ content }) => content);
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
  const results = blocks.filter(({ type }) => type === 'tool_result');
  expect(new Set(calls).size).toBe(pairs.length);
  expect(calls).toEqual(expect.arrayContaining(['call_1', 'a_b']));
  expect(results.map(({ tool_use_id: id }) => id)).toEqual(calls);
  expect(results.map(({ content }) => content)).toMatchObject(
    pairs.map(({ result }) => [{ text: result.content }]),
  );
});

test('thinking that only the API can read stands before its calls again', async () => {
  const thought = { type: 'redacted_thinking', data: 'AbC=' };
  const call = { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} };
  const response = await proxy.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 2000,
    thinking: { type: 'enabled', budget_tokens: 1024 },
    tools: [{ name: 'read', input_schema: { type: 'object' } }],
    messages: [
      { role: 'user', content: 'Read.' },
      { role: 'assistant', content: [thought, call] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'R' }] },
    ],
  });

  expect(response.status).toBe(200);
  expect(toSpoken(lastRequest(proxy))[1]?.content).toEqual([thought, call]);
});

test('a text that the CLI finds too long by itself is the caller’s to shorten', async () => {
  const content = 'word '.repeat(600_000);
  const response = await proxy.send(
    openaiChat.path,
    openaiChat.toBody({ turns: [{ user: content }] }),
  );

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'context_length_exceeded' } });
});

test.each(TOOL_DIALECTS)('$name: a reply that says that it is empty stays', async (dialect) => {
  const turns = [QUESTION, { said: '(no content)' }, { user: 'And?' }];
  await ask(proxy, dialect, { turns });

  const spoken = toSpoken(lastRequest(proxy)).map(({ role, content }) => [
    role,
    content.map(({ text = '' }) => text).join(''),
  ]);
  expect(spoken).toEqual([
    ['user', 'Hello.'],
    ['assistant', '(no content)'],
    ['user', 'And?'],
  ]);
});

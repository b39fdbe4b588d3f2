import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { readSse } from '../support/read-sse.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { CASES, PERSON_SCHEMA, type Wanted } from './cases.ts';
import { createTypeChecks } from './type-checks.ts';

const FIELDS = {
  text: {},
  thinking: { thinking: { type: 'enabled', budget_tokens: 1024 } },
  json: { output_config: { format: { type: 'json_schema', schema: PERSON_SCHEMA } } },
  tools: { tools: [{ name: 'weather', input_schema: { type: 'object' } }] },
} satisfies Record<Wanted, object>;

const messages = createTypeChecks('@anthropic-ai/sdk/resources/messages/messages.d.ts');
const shared = createTypeChecks('@anthropic-ai/sdk/resources/shared.d.ts');

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});
afterAll(() => proxy.stop());

describe('a message', () => {
  const check = messages('Message');

  test.each(CASES)('of $name is a Message', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;

    expect(check(await readJson(toBody(wanted, prompt)))).toEqual([]);
  });

  test('that lacks a field is none', async () => {
    proxy.model.answer = demoAnswer;
    const json = JSON.stringify(await readJson(toBody('text')));

    for (const field of ['role', 'text', 'stop_sequence', 'input_tokens', 'container'])
      expect(check(JSON.parse(json.replace(`"${field}":`, '"other":')))).not.toEqual([]);
  });
});

describe('an event', () => {
  const check = messages('RawMessageStreamEvent');

  test.each(CASES)('of $name is a RawMessageStreamEvent', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;
    const events = await readEvents(toBody(wanted, prompt));
    const [, ping] = events;

    expect(events.length).toBeGreaterThan(3);
    // Missing in the types, and kept by the SDK to itself.
    expect(ping).toEqual({ type: 'ping' });
    expect(events.filter((event) => event !== ping).flatMap(check)).toEqual([]);
  });

  test('without its index is none', async () => {
    const events = await readEvents(toBody('text'));
    const { index: _, ...delta } = Object(events[3]);

    expect(check(events[3])).toEqual([]);
    expect(check(delta)).not.toEqual([]);
  });
});

describe('an error', () => {
  const check = shared('ErrorResponse', ['InvalidRequestErrorObject.details']);

  test.each([
    ['a bad request', 400, { max_tokens: 0 }],
    ['a thread', 400, { thread: { type: 'create' } }],
    ['an unknown model', 404, { messages: [{ role: 'user', content: 'demo:error=404' }] }],
    ['a rate limit', 429, { messages: [{ role: 'user', content: 'demo:error=429' }] }],
    ['a failure of the API', 500, { messages: [{ role: 'user', content: 'demo:error=500' }] }],
    ['an overload', 529, { messages: [{ role: 'user', content: 'demo:error=529' }] }],
  ])('for %s is an ErrorResponse', async (_, status, fields) => {
    proxy.model.answer = demoAnswer;
    const response = await proxy.send('/v1/messages', { ...toBody('text'), ...fields });

    expect(response.status).toBe(status);
    expect(check(await response.json())).toEqual([]);
  });

  test('for a wrong key and for a route that is not there is one too', async () => {
    const version = { 'anthropic-version': '2023-06-01' };
    const stranger = { headers: { ...version, authorization: 'Bearer wrong' } };

    expect(check(await (await proxy.send('/v1/models', undefined, stranger)).json())).toEqual([]);
    const lost = await proxy.send('/v1/nothing', undefined, { headers: version });
    expect(check(await lost.json())).toEqual([]);
  });

  test('in the middle of a stream is one too', async () => {
    const events = await readEvents(toBody('text', 'demo:fail'));

    expect(check(events.at(-1))).toEqual([]);
  });

  test('of an unknown type is none', () => {
    const error = { type: 'unknown_error', message: 'No.' };

    expect(check({ type: 'error', error, request_id: 'req_1' })).not.toEqual([]);
  });
});

test('every model of the list, and one alone, is a ModelInfo', async () => {
  const check = createTypeChecks('@anthropic-ai/sdk/resources/models.d.ts', { isOpen: true })(
    'ModelInfo',
  );
  const { data } = Object(await (await proxy.send('/v1/models')).json());
  const one: unknown = await (await proxy.send(`/v1/models/${data[0].id}`)).json();

  expect([...data, one].flatMap(check)).toEqual([]);
  expect(check({ ...Object(one), lifecycle: 'new' })).not.toEqual([]);
});

test('a count of tokens is a MessageTokensCount', async () => {
  const { max_tokens: _, ...body } = toBody('tools');
  const check = messages('MessageTokensCount');
  const response = await proxy.send('/v1/messages/count_tokens', body);

  expect(check(await response.json())).toEqual([]);
  expect(check({ input_tokens: '3' })).not.toEqual([]);
});

function toBody(wanted: Wanted, prompt = 'Hello.') {
  return {
    model: 'sonnet',
    max_tokens: 2000,
    messages: [{ role: 'user', content: prompt }],
    ...FIELDS[wanted],
  };
}

async function readJson(body: object): Promise<unknown> {
  return (await proxy.send('/v1/messages', body)).json();
}

async function readEvents(body: object): Promise<unknown[]> {
  const response = await proxy.send('/v1/messages', { ...body, stream: true });
  return (await Array.fromAsync(readSse(response))).map(({ data }) => JSON.parse(data) as unknown);
}

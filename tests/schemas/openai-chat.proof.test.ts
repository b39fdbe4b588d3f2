import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { readSse } from '../support/read-sse.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { CASES, PERSON_SCHEMA, type Wanted } from './cases.ts';
import { createTypeChecks } from './type-checks.ts';

const FIELDS = {
  text: {},
  thinking: { reasoning_effort: 'high' },
  json: {
    response_format: { type: 'json_schema', json_schema: { name: 'p', schema: PERSON_SCHEMA } },
  },
  tools: { tools: [{ type: 'function', function: { name: 'weather' } }] },
} satisfies Record<Wanted, object>;

const completions = createTypeChecks('openai/resources/chat/completions/completions.d.ts');
const shared = createTypeChecks('openai/resources/shared.d.ts');

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});
afterAll(() => proxy.stop());

describe('a completion', () => {
  // Thinking has no field in the official types; this name is everybody else's.
  const check = completions('ChatCompletion', ['ChatCompletionMessage.reasoning_content']);

  test.each(CASES)('of $name is a ChatCompletion', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;

    expect(check(await readJson(toBody(wanted, prompt)))).toEqual([]);
  });

  test('that lacks a field is none', async () => {
    proxy.model.answer = demoAnswer;
    const json = JSON.stringify(await readJson(toBody('text')));

    for (const field of ['id', 'index', 'refusal', 'finish_reason', 'completion_tokens'])
      expect(check(JSON.parse(json.replace(`"${field}"`, '"other"')))).not.toEqual([]);
  });
});

describe('a chunk', () => {
  const check = completions('ChatCompletionChunk', [
    'ChatCompletionChunk.Choice.Delta.reasoning_content',
  ]);

  test.each(CASES)('of $name is a ChatCompletionChunk', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;
    const chunks = await readChunks({
      ...toBody(wanted, prompt),
      stream_options: { include_usage: true },
    });

    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.flatMap(check)).toEqual([]);
  });

  test('with numbers as text is none', async () => {
    const [chunk] = await readChunks(toBody('text'));

    expect(check({ ...Object(chunk), created: '1' })).not.toEqual([]);
  });
});

describe('an error', () => {
  const check = shared('ErrorObject');

  test.each([
    ['a bad request', 400, { messages: [] }],
    ['an unknown model', 404, { messages: [{ role: 'user', content: 'demo:error=404' }] }],
    ['a rate limit', 429, { messages: [{ role: 'user', content: 'demo:error=429' }] }],
    ['a failure of the API', 500, { messages: [{ role: 'user', content: 'demo:error=500' }] }],
  ])('for %s is an ErrorObject', async (_, status, fields) => {
    proxy.model.answer = demoAnswer;
    const response = await proxy.send('/v1/chat/completions', { model: 'sonnet', ...fields });

    expect(response.status).toBe(status);
    expect(complain(await response.json())).toEqual([]);
  });

  test('for a wrong key and for a route that is not there is one too', async () => {
    const headers = { authorization: 'Bearer wrong' };

    const refused = await proxy.send('/v1/models', undefined, { headers });
    const lost = await proxy.send('/v1/nothing');

    expect(complain(await refused.json())).toEqual([]);
    expect(complain(await lost.json())).toEqual([]);
  });

  test('in the middle of a stream is one too', async () => {
    const chunks = await readChunks(toBody('text', 'demo:fail'));

    expect(complain(chunks.at(-1))).toEqual([]);
  });

  function complain(body: unknown): string[] {
    const { error, ...rest } = Object(body);
    return [...Object.keys(rest), ...check(error)];
  }
});

test('every model of the list, and one alone, is a Model', async () => {
  const models = createTypeChecks('openai/resources/models.d.ts', { isOpen: true });
  const check = models('Model');
  const { object, data } = Object(await (await proxy.send('/v1/models')).json());
  const one: unknown = await (await proxy.send(`/v1/models/${data[0].id}`)).json();

  expect(object).toBe('list');
  expect([...data, one].flatMap(check)).toEqual([]);
  expect(check({ ...Object(one), owned_by: null })).not.toEqual([]);
});

test('a legacy completion is a Completion, whole and streamed', async () => {
  proxy.model.answer = demoAnswer;
  const completion = createTypeChecks('openai/resources/completions.d.ts');
  const check = completion('Completion');
  // The API's own chunks have null here until the last, whatever the type says.
  const checkChunk = completion('Completion', ['CompletionChoice.finish_reason']);
  const body = { model: 'sonnet', prompt: 'Hello.' };
  const whole: unknown = await (await proxy.send('/v1/completions', body)).json();
  const chunks = await readStream('/v1/completions', body);

  expect(check(whole)).toEqual([]);
  expect(chunks.flatMap(checkChunk)).toEqual([]);
  expect(check(chunks.at(-1))).toEqual([]);
});

function toBody(wanted: Wanted, prompt = 'Hello.') {
  return { model: 'sonnet', messages: [{ role: 'user', content: prompt }], ...FIELDS[wanted] };
}

async function readJson(body: object): Promise<unknown> {
  return (await proxy.send('/v1/chat/completions', body)).json();
}

function readChunks(body: object): Promise<unknown[]> {
  return readStream('/v1/chat/completions', body);
}

async function readStream(path: string, body: object): Promise<unknown[]> {
  const response = await proxy.send(path, { ...body, stream: true });
  const messages = await Array.fromAsync(readSse(response));
  return messages.flatMap(({ data }) => (data === '[DONE]' ? [] : [JSON.parse(data) as unknown]));
}

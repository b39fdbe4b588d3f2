import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { readSse } from '../support/read-sse.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { CASES, PERSON_SCHEMA, type Wanted } from './cases.ts';
import { createTypeChecks } from './type-checks.ts';

const FIELDS = {
  text: {},
  thinking: { reasoning: { effort: 'high', summary: 'auto' } },
  json: { text: { format: { type: 'json_schema', name: 'p', schema: PERSON_SCHEMA } } },
  tools: {
    tools: [{ type: 'function', name: 'weather', strict: null, parameters: { type: 'object' } }],
  },
} satisfies Record<Wanted, object>;

const responses = createTypeChecks('openai/resources/responses/responses.d.ts');

const DEVIATIONS = [
  // The SDK adds this one itself.
  'Response.output_text',
  // The API tells these, too, and its types do not.
  'Response.store',
  'Response.presence_penalty',
  'Response.frequency_penalty',
];

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});
afterAll(() => proxy.stop());

describe('a response', () => {
  const check = responses('Response', DEVIATIONS);

  test.each(CASES)('of $name is a Response', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;

    expect(check(await readJson(toBody(wanted, prompt)))).toEqual([]);
  });

  test('that lacks a field is none', async () => {
    proxy.model.answer = demoAnswer;
    const json = JSON.stringify(await readJson(toBody('text')));

    for (const field of ['output', 'annotations', 'error', 'input_tokens', 'parallel_tool_calls'])
      expect(check(JSON.parse(json.replace(`"${field}":`, '"other":')))).not.toEqual([]);
  });
});

describe('an event', () => {
  const check = responses('ResponseStreamEvent', [
    ...DEVIATIONS,
    // Null until the end, as the published specification wants it.
    'Response.usage',
    // Earlier types of the package have it.
    'ResponseFunctionCallArgumentsDoneEvent.name',
  ]);

  test.each(CASES)('of $name is a ResponseStreamEvent', async ({ wanted, prompt, answer }) => {
    proxy.model.answer = answer ?? demoAnswer;
    const events = await readEvents(toBody(wanted, prompt));

    expect(events.length).toBeGreaterThan(2);
    expect(events.flatMap(check)).toEqual([]);
  });

  test('of a failure in the middle is one, too', async () => {
    proxy.model.answer = demoAnswer;
    const events = await readEvents(toBody('text', 'demo:fail'));

    expect(check(events.at(-1))).toEqual([]);
  });

  test('without its sequence_number is none', async () => {
    const [event] = await readEvents(toBody('text'));
    const { sequence_number: _, ...rest } = Object(event);

    expect(check(rest)).not.toEqual([]);
  });
});

function toBody(wanted: Wanted, input = 'Hello.') {
  return { model: 'sonnet', input, ...FIELDS[wanted] };
}

async function readJson(body: object): Promise<unknown> {
  return (await proxy.send('/v1/responses', body)).json();
}

async function readEvents(body: object): Promise<unknown[]> {
  const response = await proxy.send('/v1/responses', { ...body, stream: true });
  return (await Array.fromAsync(readSse(response))).map(({ data }) => JSON.parse(data) as unknown);
}

import OpenAI, { APIError, APIUserAbortError, NotFoundError } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { demoAnswer } from '../../src/demo/answers.ts';
import {
  cutReply,
  heldReply,
  refusalReply,
  textReply,
  thinkingReply,
} from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toSpoken } from '../tools/upstream.ts';
import { CALLS, HELLO, testCounting, WEATHER } from './with-openai.ts';

const Person = z.object({ name: z.string(), tags: z.array(z.string()) });
const PERSON = { name: 'Ada', tags: ['a'] };
const FORMAT = { text: { format: zodTextFormat(Person, 'person') } };

const proxy = createScriptedProxy();
const openai = new OpenAI({
  baseURL: `${proxy.url}/v1`,
  apiKey: KEY,
  maxRetries: 0,
  fetch: proxy.fetch,
});
afterEach(() => {
  proxy.model.answer = demoAnswer;
});

describe('a response', () => {
  test('has its text, its usage and its id', async () => {
    const { data, request_id } = await openai.responses.create(HELLO).withResponse();
    expect(data).toMatchObject({
      id: `resp_${request_id?.replace('req_', '')}`,
      object: 'response',
      status: 'completed',
      model: 'claude-sonnet-5-5',
      output_text: expect.stringContaining('Hello.'),
      usage: { output_tokens: 19, input_tokens_details: { cached_tokens: 0 } },
    });
    expect(data.usage?.total_tokens).toBe((data.usage?.input_tokens ?? 0) + 19);
  });

  test('that was cut is incomplete', async () => {
    proxy.model.answer = () => textReply('Once upon', { stopReason: 'max_tokens' });
    expect(await openai.responses.create({ ...HELLO, max_output_tokens: 16 })).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output_text: 'Once upon',
    });
    expect(lastRequest(proxy).body).toMatchObject({ max_tokens: 16 });
  });

  test('reaches the model with its instructions and sampling', async () => {
    const sampling = { temperature: 0.3 };
    await openai.responses.create({ ...HELLO, ...sampling, instructions: 'Be brief.' });
    expect(lastRequest(proxy).body).toMatchObject(sampling);
    expect(JSON.stringify(lastRequest(proxy).body.system)).toContain('Be brief.');
  });

  test('shows what the model thought as a summary', async () => {
    proxy.model.answer = () => thinkingReply('Hm, hello.', 'Hello.');
    const { output } = await openai.responses.create({
      ...HELLO,
      reasoning: { effort: 'high', summary: 'auto' },
    });
    expect(output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm, hello.' }] },
      { type: 'message' },
    ]);
    expect(lastRequest(proxy).body).toMatchObject({ output_config: { effort: 'high' } });
  });
});

describe('.stream()', () => {
  test('tells the text piece by piece, then the response it adds up to', async () => {
    const pieces: string[] = [];
    const stream = openai.responses
      .stream(HELLO)
      .on('response.output_text.delta', ({ delta }) => pieces.push(delta));
    const { output_text, status } = await stream.finalResponse();
    expect(pieces.length).toBeGreaterThan(5);
    expect(output_text).toBe(pieces.join(''));
    expect(status).toBe('completed');
  });

  test('tells thinking and calls piece by piece', async () => {
    proxy.model.answer = () => thinkingReply('Hm, hello.', 'Hello.');
    const thoughts = await toEvents(openai.responses.stream(HELLO));
    expect(thoughts).toContain('response.reasoning_summary_text.delta');

    proxy.model.answer = callThenSay(CALLS);
    const stream = openai.responses.stream({ ...HELLO, tools: [WEATHER] });
    expect(await toEvents(stream)).toContain('response.function_call_arguments.delta');
    expect((await stream.finalResponse()).output).toMatchObject(
      CALLS.map(({ input }) => ({ type: 'function_call', arguments: JSON.stringify(input) })),
    );
  });

  test('its abort() closes the connection to the model', async () => {
    proxy.model.answer = () => heldReply('one two three four', new Promise(() => {}));
    const stream = openai.responses.stream(HELLO);
    stream.once('response.output_text.delta', () => stream.abort());
    await expect(stream.done()).rejects.toBeInstanceOf(APIUserAbortError);
    await expect(lastRequest(proxy).closed).resolves.toBe('aborted');
  });
});

describe('function calls', () => {
  test('are forced by tool_choice', async () => {
    proxy.model.answer = callThenSay(CALLS.slice(0, 1));
    await openai.responses.create({
      ...HELLO,
      tools: [WEATHER],
      tool_choice: { type: 'function', name: 'weather' },
      parallel_tool_calls: false,
    });
    expect(lastRequest(proxy).body.tool_choice).toEqual({
      type: 'tool',
      name: 'weather',
      disable_parallel_tool_use: true,
    });
  });
});

describe('structured output', () => {
  test('is parsed, whole and streamed', async () => {
    proxy.model.answer = () => textReply(JSON.stringify(PERSON));
    const whole = await openai.responses.parse({ ...HELLO, ...FORMAT });
    expect(whole.output_parsed).toEqual(PERSON);
    expect(lastRequest(proxy).body).toMatchObject({
      output_config: { format: { type: 'json_schema', schema: FORMAT.text.format.schema } },
    });
    const streamed = await openai.responses.stream({ ...HELLO, ...FORMAT }).finalResponse();
    expect(streamed.output_parsed).toEqual(PERSON);
  });

  test('that the model refuses is a refusal', async () => {
    proxy.model.answer = () => refusalReply('No way.');
    const response = await openai.responses.parse({ ...HELLO, ...FORMAT });
    expect(response.output_parsed).toBeNull();
    expect(response.output).toMatchObject([
      { type: 'message', content: [{ type: 'refusal', refusal: 'No way.' }] },
    ]);
    const streamed = await openai.responses.stream({ ...HELLO, ...FORMAT }).finalResponse();
    expect(streamed.output_parsed).toBeNull();
  });
});

describe('what is stored', () => {
  test('is retrieved, listed and deleted', async () => {
    const { id, output_text } = await openai.responses.create(HELLO);
    expect(await openai.responses.retrieve(id)).toMatchObject({ id, output_text });
    const items = await Array.fromAsync(openai.responses.inputItems.list(id, { limit: 1 }));
    expect(items).toMatchObject([{ role: 'user', content: [{ text: 'Hello.' }] }]);
    await openai.responses.delete(id);
    await expect(openai.responses.retrieve(id)).rejects.toBeInstanceOf(NotFoundError);
  });

  test('is continued by the other party’s words alone', async () => {
    const first = await openai.responses.create({ ...HELLO, input: 'My name is Ada.' });
    await openai.responses.create({
      ...HELLO,
      input: 'Who am I?',
      previous_response_id: first.id,
    });
    const spoken = toSpoken(lastRequest(proxy)).map(({ role, content }) => [
      role,
      content.at(-1)?.text,
    ]);
    expect(spoken).toEqual([
      ['user', 'My name is Ada.'],
      ['assistant', first.output_text],
      ['user', 'Who am I?'],
    ]);
  });

  test('streams from the background, and goes on where a reader left', async () => {
    const stream = await openai.responses.create({ ...HELLO, background: true, stream: true });
    let id = '';
    for await (const event of stream) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.sequence_number === 3) break;
    }
    const rest = await Array.fromAsync(
      await openai.responses.retrieve(id, { stream: true, starting_after: 3 }),
    );
    expect(rest[0]?.sequence_number).toBe(4);
    expect(rest.at(-1)?.type).toBe('response.completed');
  });
});

testCounting({ openai: () => openai, proxy: () => proxy });

test('a failure in the middle of a stream is an error', async () => {
  const seen = Promise.withResolvers<void>();
  proxy.model.answer = () => cutReply('one two three four', { seen: seen.promise });
  const events = await openai.responses.create({ ...HELLO, stream: true });
  const texts: string[] = [];
  const reading = (async () => {
    for await (const event of events) {
      if (event.type !== 'response.output_text.delta') continue;
      texts.push(event.delta);
      if (texts.join('') === 'one two') seen.resolve();
    }
  })();
  await expect(reading).rejects.toBeInstanceOf(APIError);
  expect(texts.join('')).toBe('one two');
});

async function toEvents(stream: AsyncIterable<{ type: string }>): Promise<string[]> {
  return (await Array.fromAsync(stream)).map(({ type }) => type);
}

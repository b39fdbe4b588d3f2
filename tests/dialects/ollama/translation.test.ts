import { describe, expect, test } from 'vitest';

import { ollamaChat, ollamaGenerate } from '../../../src/dialects/ollama/index.ts';
import {
  answerStreamed,
  answerWhole,
  call,
  cannedRun,
  reasoning,
  text,
  translate,
} from '../canned-run.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const HI = { role: 'user', content: 'Hi' };
const WEATHER = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it.', parameters: { type: 'object' } },
};

const chat = (fields: object) =>
  translate(ollamaChat, { model: 'sonnet', messages: [HI], ...fields });
const generate = (fields: object) =>
  translate(ollamaGenerate, { model: 'sonnet', prompt: 'Hi', ...fields });

const calls = (...some: [name: string, id?: string][]) => ({
  role: 'assistant',
  content: '',
  tool_calls: some.map(([name, id]) => ({
    ...(id && { id }),
    function: { name, arguments: {} },
  })),
});
const result = (content: string, fields: object = {}) => ({ role: 'tool', content, ...fields });

/** Which call each result answers, by the calls' places. */
const pair = (...messages: object[]) => {
  const [, called, answered] = chat({ messages: [HI, ...messages] }).request.messages;
  const ids = called?.parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : []));
  return answered?.parts.map((part) =>
    part.type === 'tool-result'
      ? [ids?.indexOf(part.callId), part.content.map((one) => 'text' in one && one.text).join('')]
      : undefined,
  );
};

const cut = () => cannedRun([text('Hel')], { finish: 'length' });

describe('a request', () => {
  test('is streamed unless it says otherwise', () => {
    expect(chat({}).isStream).toBe(true);
    expect(chat({ stream: false }).isStream).toBe(false);
  });

  test("names its model with or without Ollama's own tag", () => {
    expect(chat({ model: 'sonnet:latest' }).request.model).toBe('sonnet');
    expect(chat({ model: 'sonnet' }).request.model).toBe('sonnet');
  });

  test.each([
    [{ options: { temperature: 0.5 } }, { temperature: 0.5 }],
    [{ options: { top_p: 0.9, top_k: 40 } }, { topP: 0.9, topK: 40 }],
    [{ options: { stop: 'END' } }, { stop: ['END'] }],
    [{ options: { num_predict: 100 } }, { maxOutputTokens: 100 }],
    [{ options: { num_predict: -1 } }, { maxOutputTokens: undefined }],
  ])('%j is carried out', (fields, sampling) => {
    expect(chat(fields)).toMatchObject({ request: { sampling }, ignored: [] });
    expect(generate(fields)).toMatchObject({ request: { sampling }, ignored: [] });
  });

  test.each([
    [{ think: true }, { type: 'adaptive' }, undefined],
    [{ think: 'high' }, { type: 'adaptive' }, 'high'],
    [{ think: false }, { type: 'off' }, undefined],
    [{}, { type: 'default' }, undefined],
  ])('%j decides how long to think', (fields, thinking, effort) => {
    expect(chat(fields).request).toMatchObject({ thinking, effort });
  });

  test('names what it cannot have', () => {
    const options = { num_ctx: 8192, seed: 1, temperature: 1.5 };
    expect(chat({ options, keep_alive: '5m' }).ignored).toEqual([
      'options.temperature',
      'options.num_ctx',
      'options.seed',
    ]);
    expect(generate({ context: [1, 2], template: 'x', raw: true }).ignored).toEqual([
      'context',
      'template',
      'raw',
    ]);
  });

  test('wants JSON, of a schema or any', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(chat({ format: schema }).request.output).toEqual({
      type: 'json',
      schema,
      path: 'format',
    });
    expect(chat({ format: 'json' }).request.output).toEqual({ type: 'json', schema: undefined });
    expect(chat({ format: '' }).request.output).toEqual({ type: 'text' });
  });

  test('brings pictures, whose kind the bytes tell', () => {
    const image = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } };
    expect(chat({ messages: [{ ...HI, images: [PNG] }] }).request.messages[0]?.parts).toMatchObject(
      [
        { type: 'text', text: 'Hi' },
        { ...image, path: 'messages.0.images.0' },
      ],
    );
    expect(generate({ images: [PNG] }).request.messages[0]?.parts[1]).toMatchObject(image);
    expect(() => chat({ messages: [{ ...HI, images: ['Qk0='] }] })).toThrow(
      'PNG, JPEG, GIF or WebP',
    );
  });

  test('offers its tools', () => {
    expect(chat({ tools: [WEATHER] }).request.tools).toEqual([
      {
        name: 'weather',
        description: 'Tells it.',
        inputSchema: { type: 'object' },
        path: 'tools.0.function.parameters',
      },
    ]);
    expect(() => chat({ tools: [WEATHER, WEATHER] })).toThrow('Two tools have the name');
  });

  test('system messages, and the system text of a prompt, go in front', () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, HI];
    expect(chat({ messages }).request).toMatchObject({ instructions: ['Be brief.'] });
    expect(generate({ system: 'Be brief.' }).request.instructions).toEqual(['Be brief.']);
  });

  test('needs something to answer', () => {
    expect(() => chat({ messages: [] })).toThrow('holds no text');
    expect(() => generate({ prompt: ' ' })).toThrow('prompt holds no text');
  });
});

describe('results of tools', () => {
  test.each([
    ['by id', calls(['a', 'x'], ['b', 'y']), { tool_call_id: 'y' }, { tool_call_id: 'x' }, [1, 0]],
    ['by name', calls(['a'], ['b']), { tool_name: 'b' }, { tool_name: 'a' }, [1, 0]],
    ['in order', calls(['a'], ['b']), {}, {}, [0, 1]],
    ['in order for one name', calls(['a'], ['a']), { tool_name: 'a' }, { tool_name: 'a' }, [0, 1]],
  ])('answer their calls %s', (_, called, one, other, places) => {
    expect(pair(called, result('1', one), result('2', other))).toEqual([
      [places[0], '1'],
      [places[1], '2'],
    ]);
  });

  test('that answer none are refused', () => {
    const messages = [HI, calls(['a', 'x']), result('1', { tool_call_id: 'z' })];
    expect(() => chat({ messages })).toThrow('answers no call');
  });
});

describe('an answer', () => {
  const body = { model: 'sonnet:latest', messages: [HI] };
  const parts = [
    reasoning('Hm.', 'sig'),
    text('Hel', 'lo.'),
    call('toolu_1', 'weather', '{"in":', '"Rome"}'),
  ];
  const run = () => cannedRun(parts, { finish: 'tool-calls' });

  test('whole', async () => {
    expect(await answerWhole(ollamaChat, body, run())).toEqual({
      model: 'sonnet:latest',
      created_at: '2027-01-15T08:00:00.999Z',
      message: {
        role: 'assistant',
        content: 'Hello.',
        thinking: 'Hm.',
        tool_calls: [{ id: 'toolu_1', function: { name: 'weather', arguments: { in: 'Rome' } } }],
      },
      done: true,
      done_reason: 'stop',
      total_duration: expect.any(Number),
      load_duration: 0,
      prompt_eval_count: 15,
      prompt_eval_duration: expect.any(Number),
      eval_count: 5,
      eval_duration: expect.any(Number),
    });
  });

  test('streamed, a call as a whole', async () => {
    const lines = (await answerStreamed(ollamaChat, body, run())).map(({ data }) =>
      JSON.parse(data),
    );

    expect(lines.map(({ done, message }) => [done, message])).toEqual([
      [false, { role: 'assistant', content: '', thinking: 'Hm.' }],
      [false, { role: 'assistant', content: 'Hel' }],
      [false, { role: 'assistant', content: 'lo.' }],
      [
        false,
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'toolu_1', function: { name: 'weather', arguments: { in: 'Rome' } } }],
        },
      ],
      [true, { role: 'assistant', content: '' }],
    ]);
    expect(lines.at(-1)).toMatchObject({ done_reason: 'stop', eval_count: 5 });
  });

  test('to a prompt', async () => {
    const asked = { model: 'sonnet', prompt: 'Hi' };

    expect(await answerWhole(ollamaGenerate, asked, cut())).toMatchObject({
      response: 'Hel',
      done_reason: 'length',
    });
    const lines = await answerStreamed(ollamaGenerate, asked, cut());
    expect(lines.map(({ data }) => JSON.parse(data).response)).toEqual(['Hel', '']);
  });
});

import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOllama } from '@langchain/ollama';
import { Ollama } from 'ollama';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import type { Run, RunRequest } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { call, cannedRun, reasoning, text } from '../dialects/canned-run.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

const HI = [{ role: 'user', content: 'Hi' }];
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

/** What a client needs to ask an app in this process, and what the app was asked. */
function connect(run: Run) {
  const asked: RunRequest[] = [];
  const app = createTestApp({
    run: (request, signal) => {
      asked.push(request);
      return run(request, signal);
    },
  });
  const options = {
    host: 'http://app',
    fetch: async (url: string | URL | Request, init?: RequestInit) => app.request(url, init),
    headers: { authorization: `Bearer ${APP_KEY}` },
  };
  return { asked, options };
}

/** Calls the tool once, then says what it gave. */
const useTool: Run = (request) => {
  const [result] = request.messages.at(-1)?.parts ?? [];
  if (result?.type !== 'tool-result') {
    const calls = [
      call('toolu_1', 'weather', '{"city":"Rome"}'),
      call('toolu_2', 'weather', '{"city":"Oslo"}'),
    ];
    return cannedRun(calls, { finish: 'tool-calls' });
  }
  return cannedRun([text(JSON.stringify(request.messages.at(-1)?.parts))]);
};

const connectOllama = (run: Run = () => cannedRun([reasoning('Hm.', 's'), text('Hel', 'lo.')])) => {
  const { asked, options } = connect(run);
  return { asked, ollama: new Ollama(options) };
};

const connectModel = (run: Run) => {
  const { asked, options } = connect(run);
  const { host: baseUrl, ...rest } = options;
  return { asked, model: new ChatOllama({ model: 'sonnet', baseUrl, ...rest }) };
};

describe('ollama', () => {
  test('chats, whole and streamed', async () => {
    const { ollama } = connectOllama();
    const whole = await ollama.chat({ model: 'sonnet', messages: HI });
    const pieces = await Array.fromAsync(
      await ollama.chat({ model: 'sonnet', messages: HI, stream: true, think: true }),
    );

    expect(whole.message).toMatchObject({ role: 'assistant', content: 'Hello.', thinking: 'Hm.' });
    expect(pieces.map(({ message }) => message.content).join('')).toBe('Hello.');
    expect(pieces.map(({ message }) => message.thinking ?? '').join('')).toBe('Hm.');
    expect(pieces.at(-1)).toMatchObject({ done: true, done_reason: 'stop', eval_count: 5 });
  });

  test('generates, with a picture and a format', async () => {
    const { ollama, asked } = connectOllama();
    const format = { type: 'object' };
    const { response } = await ollama.generate({
      model: 'sonnet',
      prompt: 'Hi',
      images: [PNG],
      format,
    });

    expect(response).toBe('Hello.');
    expect(asked[0]?.messages[0]?.parts).toMatchObject([{ text: 'Hi' }, { type: 'image' }]);
    expect(asked[0]?.output).toMatchObject({ type: 'json', schema: format });
  });

  test('calls tools and brings their results', async () => {
    const { ollama } = connectOllama(useTool);
    const tools = [{ type: 'function', function: { name: 'weather', description: 'Tells it.' } }];
    const first = await ollama.chat({ model: 'sonnet', messages: HI, tools });
    const calls = first.message.tool_calls ?? [];
    const results = calls.map((one) => ({
      role: 'tool',
      tool_name: one.function.name,
      content: `Sunny in ${String(one.function.arguments['city'])}.`,
    }));
    const last = await ollama.chat({
      model: 'sonnet',
      messages: [...HI, first.message, ...results],
      tools,
    });

    expect(last.message.content).toMatch(/toolu_1.*Rome.*toolu_2.*Oslo/s);
  });

  test('lists and shows models', async () => {
    const { ollama } = connectOllama();
    const { models } = await ollama.list();
    const shown = await ollama.show({ model: models[0]?.model ?? '' });

    expect(shown.capabilities).toContain('tools');
    expect((await ollama.ps()).models).toEqual([]);
  });

  test('throws our sentence, before a stream and in it', async () => {
    const { ollama } = connectOllama(async function* broken() {
      for await (const event of cannedRun([text('Hel')])) {
        if (event.type === 'part-end') throw new RunError('overloaded', 'The API is overloaded.');
        yield event;
      }
    });

    await expect(ollama.chat({ model: 'sonnet', messages: HI })).rejects.toThrow('is overloaded');
    const stream = await ollama.chat({ model: 'sonnet', messages: HI, stream: true });
    await expect(Array.fromAsync(stream)).rejects.toThrow('is overloaded');
    await expect(ollama.embed({ model: 'sonnet', input: 'Hi' })).rejects.toThrow('no embeddings');
  });
});

describe('@langchain/ollama', () => {
  test('invokes and streams, with its counts', async () => {
    const { model } = connectModel(() => cannedRun([text('Hel', 'lo.')]));
    const whole = await model.invoke('Hi');
    const pieces = await Array.fromAsync(await model.stream('Hi'));

    expect(whole.content).toBe('Hello.');
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 15, output_tokens: 5 });
    expect(pieces.map(({ text: piece }) => piece).join('')).toBe('Hello.');
  });

  test('calls a tool, and its result comes without a name', async () => {
    const { model, asked } = connectModel(useTool);
    const weather = tool(() => 'Sunny.', {
      name: 'weather',
      description: 'Tells it.',
      schema: z.object({ city: z.string() }),
    });
    const bound = model.bindTools([weather]);
    const question = new HumanMessage('Weather?');
    const first = await bound.invoke([question]);
    const results = (first.tool_calls ?? []).map(
      ({ id = '' }) => new ToolMessage({ content: 'Sunny.', tool_call_id: id }),
    );
    await bound.invoke([question, first, ...results]);

    expect(first.tool_calls?.[0]).toMatchObject({ name: 'weather', args: { city: 'Rome' } });
    expect(asked[1]?.messages.at(-1)?.parts[0]).toMatchObject({ type: 'tool-result' });
  });

  test('gives objects of a schema', async () => {
    const { model, asked } = connectModel(() => cannedRun([text('{"city":"Rome"}')]));
    const schema = z.object({ city: z.string() });
    const structured = model.withStructuredOutput(schema, { method: 'jsonSchema' });

    expect(await structured.invoke('Where?')).toEqual({ city: 'Rome' });
    expect(asked[0]?.output).toMatchObject({ type: 'json', schema: { type: 'object' } });
  });
});

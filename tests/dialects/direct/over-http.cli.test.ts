import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../../src/demo/answers.ts';
import { textReply, toolReply } from '../../../src/demo/replies.ts';
import type { RunEvent } from '../../../src/run.ts';
import { readSse } from '../../support/read-sse.ts';
import { shareProxy } from '../../support/share-proxy.ts';
import type { Proxy } from '../../support/start-proxy.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const send = (fields: object, headers: Record<string, string> = {}) =>
  proxy.send('/api/run', { model: 'sonnet', prompt: 'Hi', ...fields }, { headers });

const toFile = (name: string) => join(proxy.folder, 'workspace', name);

const lastSystem = () => JSON.stringify(proxy.model.requests.at(-1)?.body.system);

test('a run, whole, of an effort and with a system prompt of its own', async () => {
  proxy.model.answer = () =>
    textReply('Done.', {
      usage: {
        input_tokens: 100,
        output_tokens: 20,
        cache_read_input_tokens: 3000,
        cache_creation_input_tokens: 400,
      },
    });
  const response = await send({ systemPrompt: 'You are a parrot.', effort: 'low' });

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    id: response.headers.get('x-request-id'),
    result: 'Done.',
    sessionId: expect.stringMatching(/^[\da-f-]{36}$/),
    durationMs: expect.any(Number),
    usage: { input: 100, output: 20, cacheRead: 3000, cacheWrite: 400, reasoning: 0 },
    costUsd: expect.any(Number),
    model: 'claude-sonnet-5-5',
    stopReason: 'stop',
    turns: 1,
    permissionDenials: [],
    stoppedTasks: [],
    structuredOutput: null,
  });
  expect(proxy.model.requests.at(-1)?.body).toMatchObject({ output_config: { effort: 'low' } });
  expect(lastSystem()).toContain('You are a parrot.');
  expect(lastSystem()).not.toContain('You are an agent working');
});

describe('streamed', () => {
  const prompt = 'demo:bash=echo 4711';
  const fields = { prompt, allowedTools: ['Bash(echo *)'], stream: true };

  test('as server-sent events: the call, what the tool said, the answer, the end', async () => {
    proxy.model.answer = demoAnswer;
    const messages = await Array.fromAsync(readSse(await send(fields)));
    const events = messages.map(({ data }) => JSON.parse(data) as RunEvent);

    expect(messages.map(({ event }) => event)).toEqual(events.map(({ type }) => type));
    expectBashRun(events);
  });

  test('as lines, to whoever accepts those', async () => {
    proxy.model.answer = demoAnswer;
    const response = await send(fields, { accept: 'application/x-ndjson' });
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');

    const lines = (await response.text()).split('\n');
    expect(lines.pop()).toBe('');
    expectBashRun(lines.map((line) => JSON.parse(line) as RunEvent));
  });
});

function expectBashRun(events: readonly RunEvent[]) {
  expect(events[0]).toMatchObject({ type: 'run-start', sessionId: expect.any(String) });
  expect(events.flatMap((event) => (event.type === 'part-start' ? [event.part] : []))).toEqual([
    { type: 'tool-call', id: expect.any(String), name: 'Bash' },
    { type: 'tool-result', callId: expect.any(String), isError: false },
    { type: 'text' },
  ]);
  const textOf = (index: number) =>
    events
      .map((event) => (event.type === 'part-delta' && event.index === index ? event.delta : ''))
      .join('');
  expect(JSON.parse(textOf(0))).toMatchObject({ command: 'echo 4711' });
  expect(textOf(1)).toBe('4711');
  expect(textOf(2)).toContain('The tool said: "4711"');
  expect(events.at(-1)).toMatchObject({
    type: 'run-end',
    finish: 'stop',
    agent: { result: textOf(2), turns: 2 },
  });
}

describe('tools', () => {
  test('run when they are allowed, in the working directory', async () => {
    proxy.model.answer = demoAnswer;
    const response = await send({
      prompt: 'demo:bash=echo made > made.txt',
      allowedTools: ['Bash'],
    });
    expect(await response.json()).toMatchObject({ permissionDenials: [], stopReason: 'stop' });
    expect(await readFile(toFile('made.txt'), 'utf8')).toBe('made\n');
  });

  test('are refused that no rule allows, or that one forbids, and the answer says so', async () => {
    const commands = ['mkdir refused', 'touch refused.txt'];
    const calls = commands.map((command) => ({
      name: 'Bash',
      input: { command, description: 'work' },
    }));
    proxy.model.answer = (body) =>
      JSON.stringify(body.messages.at(-1)).includes('tool_result')
        ? textReply('Neither.')
        : toolReply(calls);
    const response = await send({
      allowedTools: ['Bash(git log *)', 'Bash(touch *)'],
      disallowedTools: ['Bash(touch *)'],
    });
    expect(await response.json()).toMatchObject({
      permissionDenials: commands.map((command) => ({
        toolName: 'Bash',
        toolUseId: expect.stringMatching(/^toolu_/),
        toolInput: { command },
      })),
    });
    await expect(access(toFile('refused.txt'))).rejects.toThrow('ENOENT');
    await expect(access(toFile('refused'))).rejects.toThrow('ENOENT');
  });

  test('are refused when none is allowed', async () => {
    proxy.model.answer = demoAnswer;
    const response = await send({ prompt: 'demo:bash=touch refused.txt' });
    expect(await response.json()).toMatchObject({
      permissionDenials: [{ toolName: 'Bash', toolInput: { command: 'touch refused.txt' } }],
    });
    await expect(access(toFile('refused.txt'))).rejects.toThrow('ENOENT');
  });
});

test('maxTurns ends the run, which is no failure', async () => {
  proxy.model.answer = () =>
    toolReply([{ name: 'Bash', input: { command: 'true', description: 'again' } }]);
  const response = await send({ allowedTools: ['Bash'], maxTurns: 2 });

  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ stopReason: 'max-turns' });
});

test('outputSchema gives an object of that shape, appendSystemPrompt adds to the instructions', async () => {
  proxy.model.answer = demoAnswer;
  const properties = { city: { type: 'string' }, degrees: { type: 'integer' } };
  const outputSchema = { type: 'object', properties, required: ['city', 'degrees'] };

  const response = await send({ outputSchema, appendSystemPrompt: 'Say it in rhyme.' });
  expect(await response.json()).toMatchObject({
    stopReason: 'stop',
    structuredOutput: { city: expect.any(String), degrees: expect.any(Number) },
  });
  expect(lastSystem()).toContain('Say it in rhyme.');
  expect(lastSystem()).toContain('You are an agent working');
});

test('an unknown field is refused before anything starts', async () => {
  const before = proxy.model.requests.length;
  const response = await send({ maxTurn: 3 });

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'invalid-request', message: expect.stringContaining('maxTurn') },
    requestId: response.headers.get('x-request-id'),
  });
  expect(proxy.model.requests.length).toBe(before);
});

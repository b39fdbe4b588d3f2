import type Anthropic from '@anthropic-ai/sdk';
import { expect, test } from 'vitest';
import { createClient, GOOD, openServer } from './with-server.ts';

type Body = Partial<Anthropic.MessageCreateParamsNonStreaming>;

const TOOL: Anthropic.Tool = {
  name: 'get_weather',
  input_schema: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer', minimum: 3 },
      unit: { enum: ['celsius', 'fahrenheit'] },
      note: { type: 'string' },
    },
    required: ['city', 'days', 'unit'],
  },
};
const BASH: Anthropic.Tool = {
  name: 'Bash',
  input_schema: { type: 'object', properties: { command: { type: 'string' } } },
};
const CALL = { type: 'tool_use' as const, id: 'toolu_1', name: 'get_weather', input: {} };
const RESULT = { type: 'tool_result' as const, tool_use_id: 'toolu_1', content: 'sunny' };

const typesOf = ({ content }: Anthropic.Message) => content.map(({ type }) => type);

async function ask(text: string, body: Body = {}): Promise<Anthropic.Message> {
  return askAll([{ role: 'user', content: text }], body);
}

async function askAll(
  messages: Anthropic.MessageParam[],
  body: Body = {},
): Promise<Anthropic.Message> {
  const server = await openServer();
  // A stream, because most directives are about one.
  return createClient(server)
    .messages.stream({ ...GOOD, ...body, messages })
    .finalMessage();
}

const textOf = ({ content }: Anthropic.Message) =>
  content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

test('the demo says what it was told, that it is a demo, and how much it was sent', async () => {
  expect(textOf(await ask('hello'))).toBe(
    'You said: "hello". This is the demo model: a script answers here, not Claude. It was sent 1 message.',
  );
  const third = await askAll([
    { role: 'user', content: 'hello' },
    { role: 'assistant', content: 'hi' },
    { role: 'user', content: [{ type: 'text', text: 'and now?' }] },
    { role: 'system', content: 'It is noon.' },
  ]);
  expect(textOf(third)).toContain('You said: "and now?"');
  expect(textOf(third)).toContain('3 messages');
});

test('reminders of the CLI are not taken for words of the user', async () => {
  const content = ['hello', '<system-reminder>\nbe kind\n</system-reminder>'];
  const answer = await askAll([
    { role: 'user', content: content.map((text) => ({ type: 'text', text })) },
  ]);
  expect(textOf(answer)).toContain('You said: "hello"');
});

test('max_tokens cuts the text, one word a token', async () => {
  const answer = await ask('hello', { max_tokens: 3 });
  expect(textOf(answer)).toBe('You said: "hello".');
  expect(answer).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 3 } });
});

test('the first stop sequence cuts the text before it', async () => {
  const answer = await ask('hello', { stop_sequences: ['script', 'demo'] });
  expect(textOf(answer)).toBe('You said: "hello". This is the ');
  expect(answer).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'demo' });
});

test('an output schema gets a JSON text that fits it', async () => {
  const schema = {
    type: 'object',
    properties: {
      title: { type: 'string' },
      tags: { type: 'array', items: { $ref: '#/$defs/tag' } },
      extra: { type: 'string' },
    },
    required: ['title', 'tags'],
    $defs: { tag: { anyOf: [{ const: 'x' }, { type: 'null' }] } },
  };
  const answer = await ask('a title', {
    output_config: { format: { type: 'json_schema', schema } },
  });
  expect(JSON.parse(textOf(answer))).toEqual({ title: 'demo', tags: ['x'] });
});

test.each<[string, string, Body]>([
  ['demo:tool', 'weather please, demo:tool=get_weather.', { tools: [BASH, TOOL] }],
  ['tool_choice any', 'weather', { tools: [TOOL, BASH], tool_choice: { type: 'any' } }],
  [
    'tool_choice tool',
    'weather',
    { tools: [BASH, TOOL], tool_choice: { type: 'tool', name: 'get_weather' } },
  ],
])('%s calls the tool with an input that fits its schema', async (_name, text, body) => {
  expect(await ask(text, body)).toMatchObject({
    stop_reason: 'tool_use',
    content: [
      {
        type: 'tool_use',
        name: 'get_weather',
        input: { city: 'demo', days: 3, unit: 'celsius' },
      },
    ],
  });
});

test('a tool result is quoted, even while the tool is still forced', async () => {
  const answer = await askAll(
    [
      { role: 'user', content: 'demo:tool=get_weather' },
      { role: 'assistant', content: [CALL] },
      { role: 'user', content: [RESULT] },
    ],
    { tools: [TOOL], tool_choice: { type: 'any' } },
  );
  expect(textOf(answer)).toBe('The tool said: "sunny". This is the demo model.');
});

test.each<[string, Body]>([
  ['not offered', {}],
  ['forbidden', { tools: [TOOL], tool_choice: { type: 'none' } }],
])('a tool that is %s is not called', async (_name, body) => {
  const answer = await ask('demo:tool=get_weather', body);
  expect(answer.stop_reason).toBe('end_turn');
  expect(textOf(answer)).toContain('No tool named "get_weather" was offered.');
});

test('demo:bash takes the rest of its line as the command', async () => {
  const answer = await ask('please demo:bash=echo "a b"; ls\nthanks', { tools: [BASH] });
  expect(answer.content).toMatchObject([{ name: 'Bash', input: { command: 'echo "a b"; ls' } }]);
});

test('an agent that owes a structured answer gives it once', async () => {
  const output: Anthropic.Tool = {
    name: 'StructuredOutput',
    input_schema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
  };
  const first = await ask('hello', { tools: [output] });
  expect(first.content).toMatchObject([{ name: 'StructuredOutput', input: { a: 1 } }]);
  const second = await askAll(
    [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: [{ ...CALL, name: 'StructuredOutput' }] },
      { role: 'user', content: [RESULT] },
    ],
    { tools: [output] },
  );
  expect(second.stop_reason).toBe('end_turn');
});

test.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])('demo:error=%i fails with that status', async (status, type) => {
  await expect(ask(`demo:error=${status}`)).rejects.toMatchObject({
    status,
    error: { error: { type } },
  });
});

test('a directive goes before a forced tool', async () => {
  const body: Body = { tools: [TOOL], tool_choice: { type: 'any' } };
  expect(await ask('demo:refusal', body)).toMatchObject({ stop_reason: 'refusal' });
});

test('demo:error with another status says which there are', async () => {
  expect(textOf(await ask('demo:error=418'))).toContain('400, 401, 403, 404, 413, 429');
});

test.each([
  ['demo:max_tokens', { stop_reason: 'max_tokens', content: [{ type: 'text' }] }],
  ['demo:refusal', { stop_reason: 'refusal', content: [] }],
  ['demo:empty', { stop_reason: 'end_turn', content: [] }],
  ['demo:slow=1', { stop_reason: 'end_turn', content: [{ type: 'text' }] }],
  ['demo:long=3', { content: [{ text: 'word1 word2 word3' }], usage: { output_tokens: 3 } }],
  ['demo:nonsense', { content: [{ text: expect.stringContaining('"demo:nonsense"') }] }],
])('%s', async (text, expected) => {
  expect(await ask(text)).toMatchObject(expected);
});

test.each([
  ['demo:cut', 'terminated'],
  ['demo:fail', 'Overloaded'],
])('%s breaks a stream that has begun', async (directive, message) => {
  const stream = createClient(await openServer()).messages.stream({
    ...GOOD,
    messages: [{ role: 'user', content: directive }],
  });
  let received = '';
  stream.on('text', (text) => (received += text));
  await expect(stream.finalMessage()).rejects.toThrow(message);
  expect(received).toContain('You said:');
});

test('demo:hang sends nothing until the client leaves', async () => {
  const server = await openServer();
  const stream = createClient(server).messages.stream({
    ...GOOD,
    messages: [{ role: 'user', content: 'demo:hang' }],
  });
  const { closed } = await server.waitForRequest();
  stream.abort();
  await expect(stream.finalMessage()).rejects.toThrow('aborted');
  expect(await closed).toBe('aborted');
});

test('demo:think thinks first where thinking is on, and only there', async () => {
  const thinking = { type: 'adaptive' as const };
  expect(typesOf(await ask('demo:think', { thinking }))).toEqual(['thinking', 'text']);
  expect(typesOf(await ask('demo:think'))).toEqual(['text']);
  expect(typesOf(await ask('hello', { thinking }))).toEqual(['text']);
});

test('omitted thinking is a signature without a text, as in the API', async () => {
  const answer = await ask('demo:think', { thinking: { type: 'adaptive', display: 'omitted' } });
  expect(answer.content[0]).toMatchObject({ thinking: '', signature: expect.stringMatching(/.+/) });
});

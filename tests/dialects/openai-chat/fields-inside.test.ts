import { describe, expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { translate } from '../canned-run.ts';

const toTranslated = (more: object) =>
  translate(openaiChat, { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }], ...more });

const toTool = (name: string, more: object = {}) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' }, ...more },
});

const system = (content: string) => ({ role: 'system', content });
const toEnd = (...messages: object[]) => {
  const { request, ignored } = toTranslated({ messages });
  const texts = request.messages.map(({ role, parts }) => [
    role,
    ...parts.map((part) => (part.type === 'text' ? part.text : '')),
  ]);
  return { instructions: request.instructions, texts, ignored };
};

test('what is not honoured inside the body is named by its path', () => {
  const image = { url: 'https://example.com/a.png' };
  const { ignored } = toTranslated({
    tools: [toTool('a', { strict: false }), toTool('b', { strict: true })],
    messages: [
      { role: 'user', name: 'Ann', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: null, function_call: { name: 'a', arguments: '{}' } },
      { role: 'function', name: 'a', content: 'A.' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { ...image, detail: 'auto' } },
          { type: 'image_url', image_url: { ...image, detail: 'high' } },
        ],
      },
    ],
  });

  expect(ignored).toEqual([
    'tools.1.function.strict',
    'messages.0.name',
    'messages.3.content.1.image_url.detail',
  ]);
});

test('only the allowed tools are offered, in the mode that was asked for', () => {
  const { request } = toTranslated({
    tools: [toTool('a'), toTool('b')],
    tool_choice: {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] },
    },
  });

  expect(request.tools).toMatchObject([{ name: 'b', path: 'tools.1.function.parameters' }]);
  expect(request.toolChoice).toEqual({ type: 'required' });
});

test('a schema beside json_object is held to', () => {
  const schema = { type: 'object', properties: { a: {} } };
  const { request } = toTranslated({ response_format: { type: 'json_object', schema } });

  expect(request.output).toMatchObject({ type: 'json', schema });
});

const toOutput = (json_schema: object) =>
  toTranslated({ response_format: { type: 'json_schema', json_schema } });

test('what a schema is for stands in it', () => {
  const schema = { type: 'object', properties: { a: {} } };
  const described = toOutput({ name: 'a', schema, description: 'A person.' });
  expect(described.request.output).toMatchObject({
    schema: { ...schema, description: 'A person.' },
  });
  expect(described.ignored).toEqual([]);
  const { ignored } = toOutput({ name: 'a', description: 'A person.' });
  expect(ignored).toEqual(['response_format.json_schema.description']);
});

test('what a tool found may be a picture', () => {
  const url = 'data:image/png;base64,AAAA';
  const call = { id: 'c1', type: 'function', function: { name: 'a', arguments: '{}' } };
  const { request } = toTranslated({
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null, tool_calls: [call] },
      {
        role: 'tool',
        tool_call_id: 'c1',
        content: [
          { type: 'text', text: 'Here:' },
          { type: 'image_url', image_url: { url } },
        ],
      },
    ],
  });

  expect(request.messages.at(-1)?.parts).toMatchObject([
    {
      type: 'tool-result',
      content: [{ type: 'text' }, { type: 'image', source: { data: 'AAAA' } }],
    },
  ]);
});

describe('a conversation may end as OpenAI lets it end:', () => {
  const user = { role: 'user', content: 'Write.' };
  const assistant = { role: 'assistant', content: 'Once upon' };
  test('instructions behind the reply are the user’s last word', () => {
    expect(toEnd(system('Be kind.'), user, assistant, system('As JSON.'), system(' '))).toEqual({
      instructions: ['Be kind.'],
      texts: [
        ['user', 'Write.'],
        ['assistant', 'Once upon'],
        ['user', 'As JSON.'],
      ],
      ignored: ['messages'],
    });
  });

  test('behind the reply alone the model is asked to go on', () => {
    expect(toEnd(user, assistant)).toMatchObject({
      texts: [
        ['user', 'Write.'],
        ['assistant', 'Once upon'],
        ['user', expect.stringContaining('Continue')],
      ],
      ignored: ['messages'],
    });
  });

  test('instructions behind the user stay in front', () => {
    expect(toEnd(user, system('Be kind.'))).toEqual({
      instructions: ['Be kind.'],
      texts: [['user', 'Write.']],
      ignored: [],
    });
  });

  test('calls without results are still refused', () => {
    const call = { id: 'c1', type: 'function', function: { name: 'a', arguments: '{}' } };
    expect(() => toEnd(user, { role: 'assistant', content: null, tool_calls: [call] })).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});

import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { complaintOf } from '../complaint.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };

const said = (...messages: object[]) => ({ messages });
const parts = (...content: object[]) => said({ role: 'user', content });
const calls = (id: string, json = '{}') => ({
  role: 'assistant',
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: json } }],
});
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'one' });
const ASK = { role: 'user', content: 'q' };
const OK = { type: 'text', text: 'ok' };

test.for<[field: string, fields: object]>([
  ['model', { model: undefined }],
  ['model', { model: '' }],
  ['messages', { messages: [] }],
  ['messages', { messages: 'Hi' }],
  ['messages.0.role', said({ role: 'robot', content: 'Hi' })],
  ['messages.0.content', said({ role: 'user' })],
  ['messages.0.content', said({ role: 'user', content: 7 })],
  ['messages.0.content.1.type', parts(OK, { type: 'hologram' })],
  ['messages.0.content.1.text', parts(OK, { type: 'text' })],
  ['messages.0.content.1.image_url.url', parts(OK, { type: 'image_url', image_url: {} })],
  ['messages.0.content.0', parts({ type: 'input_audio', input_audio: { data: 'AAAA' } })],
  ['messages.0.content.0.file', parts({ type: 'file', file: { file_id: 'file-1' } })],
  ['messages.0.content.0.image_url.url', parts({ type: 'image_url', image_url: { url: 'a.png' } })],
  ['messages.0.content.0.file.file_data', parts({ type: 'file', file: { file_data: 'AAAA' } })],
  ['messages.0.content.0.type', said({ role: 'system', content: [{ type: 'image_url' }] }, ASK)],
  ['messages.2.tool_call_id', said(ASK, calls('c1'), { role: 'tool', content: 'one' })],
  ['messages', said({ role: 'user', content: ' \n' })],
  ['messages', said(ASK, calls('c1'), ASK)],
  ['messages', said(ASK, calls('c1'), result('c2'))],
  ['messages', said(ASK, result('c1'))],
  ['messages', said(ASK, { role: 'function', name: 'f', content: 'one' })],
  ['temperature', { temperature: 3 }],
  ['top_p', { top_p: -1 }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_completion_tokens', { max_completion_tokens: 1.5 }],
  ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
  ['n', { n: 9 }],
  ['logprobs', { logprobs: true }],
  ['modalities.1', { modalities: ['text', 'audio'] }],
  ['reasoning_effort', { reasoning_effort: 'enormous' }],
  ['response_format.type', { response_format: { type: 'yaml' } }],
  ['tools.0.function.name', { tools: [{ type: 'function', function: {} }] }],
  ['tool_choice.function', { tool_choice: { type: 'function' } }],
])('names %s: %j', async ([param, fields]) => {
  expect(await complaintOf(openaiChat, { ...BODY, ...fields })).toMatchObject({
    code: 'invalid-request',
    param,
  });
});

test.for([
  said(ASK, { ...calls('c1'), content: '' }, result('c1')),
  said(ASK, calls('c1', '{"a":'), result('c1')),
  { modalities: ['text'], audio: { voice: 'x' } },
  { n: null, logprobs: null, stop: null, tools: null, response_format: null },
  { stream_options: null, functions: [], function_call: 'auto', something_new: {} },
])('takes %j', async (fields) => {
  expect(await complaintOf(openaiChat, { ...BODY, ...fields })).toEqual({ code: 'accepted' });
});

test('says what is missing in words', async () => {
  expect(await complaintOf(openaiChat, { messages: BODY.messages })).toEqual({
    code: 'invalid-request',
    param: 'model',
    message: 'model: is required',
  });
});

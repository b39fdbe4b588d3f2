import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { complaintOf } from '../complaint.ts';

const BODY = { model: 'sonnet', input: 'Hi' };

const ASK = { role: 'user', content: 'q' };
const said = (...input: object[]) => ({ input });
const parts = (...content: object[]) => said({ role: 'user', content });
const call = (id: string, json = '{}') => ({
  type: 'function_call',
  call_id: id,
  name: 'f',
  arguments: json,
});
const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: 'one' });
const CUSTOM = { type: 'custom', name: 'c' };
const OK = { type: 'input_text', text: 'ok' };

test.for<[field: string, fields: object]>([
  ['model', { model: undefined }],
  ['input', { input: undefined }],
  ['input', { input: ' \n' }],
  ['input', { input: [] }],
  ['input.0.role', said({ role: 'robot', content: 'Hi' })],
  ['input.0.type', said({ type: 'dance_call', id: 'd_1' })],
  ['input.0.content', said({ role: 'user' })],
  ['input.0.content.1.type', parts(OK, { type: 'hologram' })],
  ['input.0.content.0.type', parts({ type: 'input_audio', input_audio: { data: 'AAAA' } })],
  ['input.0.content.0', parts({ type: 'input_image', file_id: 'file-1' })],
  ['input.0.content.0.image_url', parts({ type: 'input_image', image_url: 'a.png' })],
  ['input.0.content.0.file_data', parts({ type: 'input_file', file_data: 'AAAA' })],
  ['input.0.content.0', said({ role: 'system', content: [{ type: 'input_image' }] }, ASK)],
  ['input.2.call_id', said(ASK, call('c1'), { type: 'function_call_output', output: 'one' })],
  ['input.1', said(ASK, { type: 'item_reference', id: 'msg_1' })],
  ['input.0', said({ type: 'compaction', encrypted_content: 'made elsewhere' }, ASK)],
  ['input', said(ASK, call('c1'), ASK)],
  ['input', said(ASK, output('c1'))],
  ['temperature', { temperature: 3 }],
  ['top_p', { top_p: -1 }],
  ['max_output_tokens', { max_output_tokens: 0 }],
  ['top_logprobs', { top_logprobs: 2 }],
  ['include.0', { include: ['message.output_text.logprobs'] }],
  ['reasoning.effort', { reasoning: { effort: 'enormous' } }],
  ['text.format.type', { text: { format: { type: 'yaml' } } }],
  ['text.format.schema', { text: { format: { type: 'json_schema', name: 'n' } } }],
  ['tools.1.type', { tools: [{ type: 'function', name: 'f' }, { type: 'fonction' }] }],
  ['tools.0.name', { tools: [{ type: 'function' }] }],
  ['tools.0.name', { tools: [{ type: 'custom' }] }],
  [
    'tools.0.format.definition',
    { tools: [{ ...CUSTOM, format: { type: 'grammar', syntax: 'lark' } }] },
  ],
  [
    'tools.0.tools.0.name',
    { tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'custom' }] }] },
  ],
  ['tools.1.name', { tools: [CUSTOM, { type: 'function', name: 'c' }] }],
  ['input.1.tools.0.name', said(ASK, { type: 'additional_tools', tools: [{ type: 'custom' }] })],
  ['tool_choice', { tools: [{ type: 'web_search' }], tool_choice: 'required' }],
  ['tools.0.name', { tools: [{ type: 'function', name: 'get weather' }] }],
  ['tools.0.parameters', { tools: [{ type: 'function', name: 'f', parameters: { type: 'x' } }] }],
  ['tool_choice', { tool_choice: { type: 'function', name: 'f' } }],
  ['tool_choice', { tool_choice: 'required' }],
  ['tool_choice', { tool_choice: { type: 'web_search' } }],
  ['tool_choice.type', { tool_choice: { type: 'dance' } }],
  ['conversation', { conversation: 'conv_1' }],
  ['conversation', { conversation: 'conv_1', previous_response_id: 'resp_1' }],
  ['prompt', { prompt: { id: 'pmpt_1' } }],
  ['background', { background: true, store: false }],
])('names %s: %j', async ([param, fields]) => {
  expect(await complaintOf(openaiResponses, { ...BODY, ...fields })).toMatchObject({
    code: 'invalid-request',
    param,
  });
});

test.for([
  { text: {}, tools: [{ type: 'function', name: 'f', strict: null, parameters: null }] },
  {
    tools: [{ type: 'function', name: 'f' }],
    tool_choice: { type: 'function', name: 'f' },
    include: ['reasoning.encrypted_content'],
  },
  { conversation: null, prompt: null, tools: null, text: null, reasoning: null, include: null },
  { top_logprobs: 0, stream_options: { include_obfuscation: false }, something_new: {} },
])('takes %j', async (fields) => {
  expect(await complaintOf(openaiResponses, { ...BODY, ...fields })).toEqual({ code: 'accepted' });
});

test('says why a hosted tool cannot be forced', async () => {
  const { message } = await complaintOf(openaiResponses, {
    ...BODY,
    tools: [CUSTOM, { type: 'web_search' }],
    tool_choice: { type: 'web_search' },
  });
  expect(message).toContain('this server has none of those');
});

import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { complaintOf } from '../complaint.ts';

const BODY = { model: 'sonnet', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

const said = (...messages: object[]) => ({ messages });
const blocks = (...content: object[]) => said({ role: 'user', content });
const ASK = { role: 'user', content: 'q' };
const OK = { type: 'text', text: 'ok' };
const call = (input: unknown) => ({
  role: 'assistant',
  content: [{ type: 'tool_use', id: 't1', name: 'f', input }],
});
const result = (id: string) => ({
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: id, content: 'one' }],
});
const image = (source: object) => ({ type: 'image', source });

test.for<[field: string, fields: object]>([
  ['model', { model: undefined }],
  ['max_tokens', { max_tokens: undefined }],
  ['max_tokens', { max_tokens: 0 }],
  ['messages', { messages: [] }],
  ['messages.0.role', said({ role: 'developer', content: 'Hi' })],
  ['messages.0.content', said({ role: 'user' })],
  ['messages.0.content.1.type', blocks(OK, { type: 'hologram' })],
  ['messages.0.content.1.text', blocks(OK, { type: 'text' })],
  ['messages.0.content.0.source.type', blocks(image({ type: 'file', file_id: 'file_1' }))],
  ['messages.0.content.0.source.url', blocks(image({ type: 'url' }))],
  ['messages.0.content.0.source.media_type', blocks(image({ type: 'base64', data: 'AAAA' }))],
  ['messages.0.content.0.tool_use_id', blocks({ type: 'tool_result', content: 'one' })],
  ['messages.1.content.0.input', said(ASK, call('a'), result('t1'))],
  ['messages', said({ role: 'user', content: ' \n' })],
  ['messages', said({ role: 'system', content: 'S' })],
  ['messages', said(ASK, { role: 'assistant', content: 'The answer is' })],
  ['messages', said(ASK, call({}), ASK)],
  ['messages', said(ASK, call({}), result('t2'))],
  ['messages', said(ASK, result('t1'))],
  ['system.0.type', { system: [{ type: 'image' }] }],
  ['temperature', { temperature: 1.1 }],
  ['top_k', { top_k: 1.5 }],
  ['stop_sequences', { stop_sequences: 'END' }],
  ['thinking.budget_tokens', { thinking: { type: 'enabled', budget_tokens: 1000 } }],
  ['thinking.type', { thinking: { type: 'sometimes' } }],
  ['thinking.display', { thinking: { type: 'adaptive', display: 'nonsense' } }],
  ['tools.0.type', { tools: [{ type: 'dance_20250305', name: 'dance' }] }],
  ['tools.0.input_schema', { tools: [{ name: 'f' }] }],
  ['tool_choice.name', { tool_choice: { type: 'tool' } }],
  ['output_config.effort', { output_config: { effort: 'enormous' } }],
  ['service_tier', { service_tier: 'priority' }],
  ['thread', { thread: { type: 'create' } }],
])('names %s: %j', async ([param, fields]) => {
  expect(await complaintOf(anthropicMessages, { ...BODY, ...fields })).toMatchObject({
    code: 'invalid-request',
    param,
  });
});

test.for([
  said(ASK, call({}), result('t1')),
  { stop_sequences: null, tools: null, thinking: null, system: null, metadata: null },
  { cache_control: { type: 'ephemeral' }, something_new: {} },
])('takes %j', async (fields) => {
  expect(await complaintOf(anthropicMessages, { ...BODY, ...fields })).toEqual({
    code: 'accepted',
  });
});

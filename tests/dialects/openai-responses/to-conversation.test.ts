import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { sealText } from '../../../src/dialects/openai-responses/sealed-text.ts';
import { translate } from '../canned-run.ts';

const toTurns = (input: readonly object[]) =>
  translate(openaiResponses, { model: 'sonnet', input }).request.messages;

const user = (content: unknown) => ({ role: 'user', content });
const text = (said: string) => ({ type: 'text', text: said });
const call = (id: string, json: string) => ({
  type: 'function_call',
  call_id: id,
  name: 'f',
  arguments: json,
});
const output = (id: string, said: unknown) => ({
  type: 'function_call_output',
  call_id: id,
  output: said,
});

test.for([
  ['a plain string', { role: 'assistant', content: 'A' }],
  [
    'what the API answered',
    {
      type: 'message',
      id: 'msg_1',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'A', annotations: [], logprobs: [] }],
    },
  ],
  ['a refusal', { role: 'assistant', content: [{ type: 'refusal', refusal: 'A' }] }],
] as const)('an earlier answer as %s', ([, answer]) => {
  expect(toTurns([user('U1'), answer, user([{ type: 'input_text', text: 'U2' }])])).toEqual([
    { role: 'user', parts: [text('U1')] },
    { role: 'assistant', parts: [text('A')] },
    { role: 'user', parts: [text('U2')] },
  ]);
});

test.for([
  [
    'an image by address',
    { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
    { type: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
  ],
  [
    'an inline image',
    { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
    { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
  ],
  [
    'an inline file',
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' },
    {
      type: 'document',
      title: 'a.pdf',
      source: { kind: 'base64', mediaType: 'application/pdf', data: 'AAAA' },
    },
  ],
  [
    'a file by address',
    { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    { type: 'document', source: { kind: 'url', url: 'https://example.com/a.pdf' } },
  ],
  [
    'a text file',
    { type: 'input_file', file_data: 'data:text/plain;base64,Z3LDvMOf' },
    { type: 'document', source: { kind: 'text', text: 'grüß' } },
  ],
] as const)('%s, from the user and from a tool', ([, part, expected]) => {
  const field = Object.keys(part).findLast((name) => /_(url|data)$/.test(name));
  const at = (place: string) => ({ ...expected, path: `${place}.0.${field}` });
  expect(toTurns([user([part])])[0]?.parts).toEqual([at('input.0.content')]);
  expect(toTurns([user('q'), call('c1', '{}'), output('c1', [part])])[2]?.parts).toEqual([
    { type: 'tool-result', callId: 'c1', content: [at('input.2.output')], isError: false },
  ]);
});

test('parallel calls are one turn, their outputs another, and what is said next belongs to it', () => {
  const turns = toTurns([
    user('q'),
    { role: 'assistant', content: 'Let me see.' },
    { ...call('c1', '{"a":1}'), id: 'fc_1', status: 'completed' },
    call('c2', ''),
    output('c2', 'two'),
    output('c1', [{ type: 'input_text', text: 'one' }]),
    user('go on'),
  ]);
  expect(turns.slice(1)).toEqual([
    {
      role: 'assistant',
      parts: [
        text('Let me see.'),
        { type: 'tool-call', id: 'c1', name: 'f', input: { a: 1 } },
        { type: 'tool-call', id: 'c2', name: 'f', input: {} },
      ],
    },
    {
      role: 'user',
      parts: [
        { type: 'tool-result', callId: 'c2', content: [text('two')], isError: false },
        { type: 'tool-result', callId: 'c1', content: [text('one')], isError: false },
        text('go on'),
      ],
    },
  ]);
});

test('thinking comes back with its proof; thinking without one, or from elsewhere, is left out', () => {
  const thought = {
    type: 'reasoning',
    id: 'rs_1',
    summary: [{ type: 'summary_text', text: 'Hm.' }],
  };
  const answer = { role: 'assistant', content: 'A' };
  const toParts = (item: object) => toTurns([user('q'), item, answer, user('go on')])[1]?.parts;

  expect(toParts({ ...thought, encrypted_content: sealText('c2ln') })).toEqual([
    { type: 'reasoning', text: 'Hm.', signature: 'c2ln' },
    text('A'),
  ]);
  expect(toParts(thought)).toEqual([text('A')]);
  expect(toParts({ ...thought, summary: [], encrypted_content: 'gAAAA' })).toEqual([text('A')]);
});

test('a compaction is a summary in front of what follows', () => {
  const compaction = { type: 'compaction', encrypted_content: sealText('They like tea ☕.') };
  expect(toTurns([compaction, user('What do I like?')])).toEqual([
    {
      role: 'user',
      parts: [
        text('A summary of the conversation so far:\n\nThey like tea ☕.'),
        text('What do I like?'),
      ],
    },
  ]);
});

test('nothing but system items is a prompt', () => {
  const { request } = translate(openaiResponses, {
    model: 'sonnet',
    input: [{ role: 'developer', content: 'Say hello.' }],
  });
  expect(request).toMatchObject({
    instructions: [],
    messages: [{ role: 'user', parts: [text('Say hello.')] }],
  });
});

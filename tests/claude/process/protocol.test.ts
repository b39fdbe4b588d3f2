import { expect, test } from 'vitest';

import { readCliLine } from '../../../src/claude/process/protocol.ts';

test.each(['not JSON', '', 'null', '[]', '"result"', '{}'])('%s is skipped', (text) => {
  expect(readCliLine(text)).toBeUndefined();
});

test.each([
  '{"type":"result"}',
  '{"type":"something_new"}',
  '{"type":"system","subtype":"init"}',
  '{"type":"stream_event","event":{"type":"new_event"}}',
  '{"type":"stream_event","event":{"type":"content_block_delta","index":"0"}}',
  '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":null}}',
  '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"text_delta"}}}',
  '{"type":"stream_event","event":{"type":"content_block_delta","index":0,"delta":{"type":"constructor"}}}',
])('%s is a sign of life, and nothing more', (text) => {
  expect(readCliLine(text)).toEqual({ type: 'unknown' });
});

test('a line keeps what we read of it and loses the rest', () => {
  const line = { type: 'stream_event', event: { type: 'message_stop', extra: 1 }, uuid: 'u' };
  expect(readCliLine(JSON.stringify(line))).toEqual({
    type: 'stream_event',
    event: { type: 'message_stop' },
  });
});

test.each([
  { type: 'text_delta', text: 'a' },
  { type: 'thinking_delta', thinking: 'a' },
  { type: 'signature_delta', signature: 'a' },
  { type: 'input_json_delta', partial_json: 'a' },
])('a piece of an answer is read: $type', (delta) => {
  const event = { type: 'content_block_delta', index: 0, delta };
  expect(readCliLine(JSON.stringify({ type: 'stream_event', event }))).toMatchObject({ event });
});

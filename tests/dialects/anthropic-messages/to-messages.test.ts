import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { answerStreamed, call, cannedRun, reasoning, redacted, text } from '../canned-run.ts';

const BODY = { model: 'sonnet', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

const stream = (...run: Parameters<typeof cannedRun>) =>
  answerStreamed(anthropicMessages, BODY, cannedRun(...run));

const streamData = async (...run: Parameters<typeof cannedRun>) =>
  (await stream(...run)).map(({ data }) => data);

/** The events of the blocks, without the message around them. */
const streamBlocks = async (...run: Parameters<typeof cannedRun>) =>
  (await streamData(...run)).filter((data) => data.includes('"content_block_'));

test('a text: every event whole', async () => {
  expect(await streamData([text('Hello', ' you')])).toMatchInlineSnapshot(`
    [
      "{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-5-5","container":null,"diagnostics":null,"stop_details":null,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":0,"cache_read_input_tokens":3,"cache_creation_input_tokens":2,"output_tokens_details":null,"server_tool_use":null,"cache_creation":null,"inference_geo":null,"service_tier":null,"speed":null}}}",
      "{"type":"ping"}",
      "{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":null}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" you"}}",
      "{"type":"content_block_stop","index":0}",
      "{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"container":null,"stop_details":null},"usage":{"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":3,"cache_creation_input_tokens":2,"output_tokens_details":null,"server_tool_use":null}}",
      "{"type":"message_stop"}",
    ]
  `);
});

test('every event is named by its type, which the SDKs go by', async () => {
  const messages = await stream([reasoning('Hm.', 'c2ln'), text('a'), call('toolu_1', 'f', '{}')]);
  for (const { event, data } of messages) expect(JSON.parse(data)).toMatchObject({ type: event });
});

test('thinking is streamed with its signature, and what the API keeps secret as it came', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), redacted('c2VjcmV0'), text('Yes.')];
  expect(await streamBlocks(parts)).toMatchInlineSnapshot(`
    [
      "{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm."}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}",
      "{"type":"content_block_stop","index":0}",
      "{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"c2VjcmV0"}}",
      "{"type":"content_block_stop","index":1}",
      "{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"","citations":null}}",
      "{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Yes."}}",
      "{"type":"content_block_stop","index":2}",
    ]
  `);
});

test('two tool calls: arguments in pieces, never in the start', async () => {
  const parts = [call('toolu_1', 'f', '', '{"a"', ':1}'), call('toolu_2', 'g', '')];
  expect(await streamBlocks(parts, { finish: 'tool-calls' })).toMatchInlineSnapshot(`
    [
      "{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{},"caller":{"type":"direct"}}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\""}}",
      "{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":":1}"}}",
      "{"type":"content_block_stop","index":0}",
      "{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_2","name":"g","input":{},"caller":{"type":"direct"}}}",
      "{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}",
      "{"type":"content_block_stop","index":1}",
    ]
  `);
});

test.for([
  [{ finish: 'length' }, { stop_reason: 'max_tokens', stop_sequence: null }],
  [{ finish: 'refusal' }, { stop_reason: 'refusal', stop_sequence: null }],
  [
    { finish: 'stop-sequence', stopSequence: 'END' },
    { stop_reason: 'stop_sequence', stop_sequence: 'END' },
  ],
] as const)('the end of %j', async ([end, delta]) => {
  const messages = await streamData([text('a')], end);
  expect(JSON.parse(messages.at(-2) ?? '')).toMatchObject({ type: 'message_delta', delta });
  expect(messages.at(-1)).toBe('{"type":"message_stop"}');
});

import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import type { RunFinish } from '../../../src/run.ts';
import { USAGE, answerWhole, call, cannedRun, reasoning, redacted, text } from '../canned-run.ts';

const BODY = { model: 'sonnet', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

const answer = (...run: Parameters<typeof cannedRun>) =>
  answerWhole(anthropicMessages, BODY, cannedRun(...run));

test('a text', async () => {
  expect(await answer([text('Hello', ' you')])).toMatchInlineSnapshot(`
    {
      "container": null,
      "content": [
        {
          "citations": null,
          "text": "Hello you",
          "type": "text",
        },
      ],
      "diagnostics": null,
      "id": "msg_01",
      "model": "claude-sonnet-5-5",
      "role": "assistant",
      "stop_details": null,
      "stop_reason": "end_turn",
      "stop_sequence": null,
      "type": "message",
      "usage": {
        "cache_creation": null,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 3,
        "inference_geo": null,
        "input_tokens": 10,
        "output_tokens": 5,
        "output_tokens_details": null,
        "server_tool_use": null,
        "service_tier": null,
        "speed": null,
      },
    }
  `);
});

test('every kind of block, in order', async () => {
  const parts = [
    reasoning('Hm.', 'c2ln'),
    redacted('c2VjcmV0'),
    text('Let me see.'),
    call('toolu_1', 'f', '{"a"', ':1}'),
    call('toolu_2', 'g', ''),
  ];
  expect(await answer(parts, { finish: 'tool-calls' })).toMatchObject({
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'c2VjcmV0' },
      { type: 'text', text: 'Let me see.', citations: null },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 }, caller: { type: 'direct' } },
      { type: 'tool_use', id: 'toolu_2', name: 'g', input: {}, caller: { type: 'direct' } },
    ],
  });
});

test('a call cut in the middle of its arguments keeps what there is', async () => {
  expect(await answer([call('toolu_1', 'f', '{"a":')], { finish: 'length' })).toMatchObject({
    stop_reason: 'max_tokens',
    content: [{ type: 'tool_use', input: { _raw: '{"a":' } }],
  });
});

test('an empty answer has no blocks', async () => {
  expect(await answer([])).toMatchObject({ content: [], stop_reason: 'end_turn' });
});

test('the stop sequence is named', async () => {
  const end = { finish: 'stop-sequence', stopSequence: 'END' } as const;
  expect(await answer([text('a')], end)).toMatchObject({
    stop_reason: 'stop_sequence',
    stop_sequence: 'END',
  });
});

test('the tokens of thinking are told where they are known', async () => {
  expect(await answer([], { usage: { ...USAGE, reasoning: 4 } })).toMatchObject({
    usage: { output_tokens_details: { thinking_tokens: 4 } },
  });
});

test.for<[RunFinish, string]>([
  ['stop', 'end_turn'],
  ['stop-sequence', 'stop_sequence'],
  ['length', 'max_tokens'],
  ['tool-calls', 'tool_use'],
  ['refusal', 'refusal'],
  ['context-full', 'model_context_window_exceeded'],
  ['paused', 'pause_turn'],
])('a run that ends with %s has stop_reason %s', async ([finish, stop_reason]) => {
  expect(await answer([text('a')], { finish })).toMatchObject({ stop_reason });
});

import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import type { RunFinish } from '../../../src/run.ts';
import { USAGE, answerWhole, call, cannedRun, reasoning, redacted, text } from '../canned-run.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };

const answer = (...run: Parameters<typeof cannedRun>) =>
  answerWhole(openaiChat, BODY, cannedRun(...run));

const choice = (message: object) => ({ choices: [{ message }] });

test('a text', async () => {
  expect(await answer([text('Hello', ' you')])).toMatchInlineSnapshot(`
    {
      "choices": [
        {
          "finish_reason": "stop",
          "index": 0,
          "logprobs": null,
          "message": {
            "content": "Hello you",
            "refusal": null,
            "role": "assistant",
          },
        },
      ],
      "created": 1800000000,
      "id": "chatcmpl-01",
      "model": "claude-sonnet-5-5",
      "object": "chat.completion",
      "usage": {
        "completion_tokens": 5,
        "completion_tokens_details": {
          "accepted_prediction_tokens": 0,
          "audio_tokens": 0,
          "reasoning_tokens": 0,
          "rejected_prediction_tokens": 0,
        },
        "prompt_tokens": 15,
        "prompt_tokens_details": {
          "audio_tokens": 0,
          "cache_write_tokens": 2,
          "cached_tokens": 3,
        },
        "total_tokens": 20,
      },
    }
  `);
});

test('tool calls stand beside the text, their arguments as a JSON text', async () => {
  const parts = [
    text('Let me see.'),
    call('toolu_1', 'f', '{"a"', ':1}'),
    call('toolu_2', 'g', ''),
  ];
  expect(await answer(parts, { finish: 'tool-calls' })).toMatchObject({
    choices: [
      {
        finish_reason: 'tool_calls',
        message: {
          content: 'Let me see.',
          tool_calls: [
            { id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'toolu_2', type: 'function', function: { name: 'g', arguments: '{}' } },
          ],
        },
      },
    ],
  });
});

test('content is null only beside tool calls', async () => {
  expect(await answer([call('toolu_1', 'f')])).toMatchObject(choice({ content: null }));
  expect(await answer([])).toMatchObject(choice({ content: '' }));
});

test('thinking stands in reasoning_content, and what the API keeps secret nowhere', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), redacted('c2VjcmV0'), text('Yes.')];
  const whole = await answer(parts);
  expect(whole).toMatchObject(choice({ content: 'Yes.', reasoning_content: 'Hm.' }));
  expect(JSON.stringify(whole)).not.toContain('c2VjcmV0');
});

test('a refusal is told apart, with or without words', async () => {
  expect(await answer([text('No.')], { finish: 'refusal' })).toMatchObject(
    choice({ content: 'No.', refusal: 'No.' }),
  );
  expect(await answer([], { finish: 'refusal' })).toMatchObject(
    choice({ content: '', refusal: 'The model refused to answer.' }),
  );
});

test('thinking is a share of the completion tokens', async () => {
  expect(
    await answer([text('a')], { usage: { ...USAGE, output: 50, reasoning: 40 } }),
  ).toMatchObject({
    usage: { completion_tokens: 50, completion_tokens_details: { reasoning_tokens: 40 } },
  });
});

test.for<[RunFinish, string]>([
  ['stop', 'stop'],
  ['stop-sequence', 'stop'],
  ['length', 'length'],
  ['tool-calls', 'tool_calls'],
  ['refusal', 'content_filter'],
  ['context-full', 'length'],
  ['paused', 'stop'],
])('a run that ends with %s has finish_reason %s', async ([finish, finish_reason]) => {
  expect(await answer([text('a')], { finish })).toMatchObject({ choices: [{ finish_reason }] });
});

import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import type { RunFinish } from '../../../src/run.ts';
import { USAGE, answerWhole, call, cannedRun, reasoning, redacted, text } from '../canned-run.ts';

const BODY = { model: 'sonnet', input: 'Hi' };

const answer = (...run: Parameters<typeof cannedRun>) =>
  answerWhole(openaiResponses, BODY, cannedRun(...run));

test('a text', async () => {
  const whole = await answer([text('Hello', ' you')]);
  expect({ ...whole, completed_at: 0 }).toMatchInlineSnapshot(`
    {
      "access_programs": null,
      "background": false,
      "completed_at": 0,
      "created_at": 1800000000,
      "error": null,
      "frequency_penalty": 0,
      "id": "resp_1",
      "incomplete_details": null,
      "instructions": null,
      "max_output_tokens": null,
      "max_tool_calls": null,
      "metadata": {},
      "model": "claude-sonnet-5-5",
      "object": "response",
      "output": [
        {
          "content": [
            {
              "annotations": [],
              "logprobs": [],
              "text": "Hello you",
              "type": "output_text",
            },
          ],
          "id": "msg_1_0",
          "role": "assistant",
          "status": "completed",
          "type": "message",
        },
      ],
      "parallel_tool_calls": true,
      "presence_penalty": 0,
      "previous_response_id": null,
      "prompt_cache_key": null,
      "reasoning": {
        "effort": null,
        "summary": null,
      },
      "safety_identifier": null,
      "service_tier": "default",
      "status": "completed",
      "store": true,
      "temperature": 1,
      "text": {
        "format": {
          "type": "text",
        },
        "verbosity": "medium",
      },
      "tool_choice": "auto",
      "tools": [],
      "top_logprobs": 0,
      "top_p": 1,
      "truncation": "disabled",
      "usage": {
        "input_tokens": 15,
        "input_tokens_details": {
          "cache_write_tokens": 2,
          "cached_tokens": 3,
        },
        "output_tokens": 5,
        "output_tokens_details": {
          "reasoning_tokens": 0,
        },
        "total_tokens": 20,
      },
    }
  `);
  expect(whole).toMatchObject({ completed_at: expect.any(Number) });
});

test('what was asked for is said again', async () => {
  const tool = { type: 'function', name: 'f', parameters: { type: 'object' }, strict: true };
  const format = { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true };
  const asked = {
    instructions: 'Be brief.',
    max_output_tokens: 100,
    max_tool_calls: 3,
    metadata: { a: 'b' },
    parallel_tool_calls: false,
    previous_response_id: 'resp_0',
    prompt_cache_key: 'k',
    safety_identifier: 's',
    store: false,
    temperature: 0.5,
    tool_choice: 'required',
    top_p: 0.9,
    user: 'ann',
  };
  const whole = await answerWhole(
    openaiResponses,
    {
      ...BODY,
      ...asked,
      tools: [tool, { type: 'namespace', name: 'n', tools: [tool] }],
      text: { format },
      reasoning: { effort: 'low', summary: 'auto' },
    },
    cannedRun([text('{}')]),
  );
  expect(whole).toMatchObject({
    ...asked,
    tools: [
      { ...tool, description: null, strict: false },
      { type: 'namespace', name: 'n', tools: [{ ...tool, strict: false }] },
    ],
    text: { format, verbosity: 'medium' },
    reasoning: { effort: 'low', summary: 'auto' },
  });
});

test('calls are items beside the text, in order', async () => {
  const parts = [
    text('Let me see.'),
    call('toolu_1', 'f', '{"a"', ':1}'),
    call('toolu_2', 'g', ''),
  ];
  expect(await answer(parts, { finish: 'tool-calls' })).toMatchObject({
    status: 'completed',
    output: [
      { type: 'message', id: 'msg_1_0', content: [{ text: 'Let me see.' }] },
      {
        type: 'function_call',
        id: 'fc_1_1',
        call_id: 'toolu_1',
        name: 'f',
        arguments: '{"a":1}',
        status: 'completed',
      },
      { type: 'function_call', id: 'fc_1_2', call_id: 'toolu_2', name: 'g', arguments: '{}' },
    ],
  });
});

test('thinking is a summary, its proof goes out when asked for, what the API keeps secret never', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), redacted('c2VjcmV0'), text('Yes.')];
  const whole = await answer(parts);
  expect(whole).toMatchObject({
    output: [
      { type: 'reasoning', id: 'rs_1_0', summary: [{ type: 'summary_text', text: 'Hm.' }] },
      { type: 'reasoning', id: 'rs_1_1', summary: [] },
      { type: 'message' },
    ],
  });
  expect(JSON.stringify(whole)).not.toMatch(/encrypted_content|c2VjcmV0/);

  const asked = { ...BODY, include: ['reasoning.encrypted_content'] };
  const withProof = await answerWhole(openaiResponses, asked, cannedRun(parts));
  expect(withProof).toMatchObject({
    output: [{ encrypted_content: expect.stringMatching(/^ccp1\./) }, {}, {}],
  });
});

test('a refusal is told apart, with or without words', async () => {
  expect(await answer([text('No.')], { finish: 'refusal' })).toMatchObject({
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }],
  });
  expect(await answer([], { finish: 'refusal' })).toMatchObject({
    output: [{ content: [{ type: 'refusal', refusal: 'The model refused to answer.' }] }],
  });
});

test('an answer that was cut is incomplete, its last item too', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), text('One.'), text('Once')];
  expect(await answer(parts, { finish: 'length' })).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    completed_at: null,
    output: [{}, { status: 'completed' }, { status: 'incomplete' }],
  });
});

test('thinking is a share of the output tokens', async () => {
  expect(
    await answer([text('a')], { usage: { ...USAGE, output: 50, reasoning: 40 } }),
  ).toMatchObject({
    usage: { output_tokens: 50, output_tokens_details: { reasoning_tokens: 40 } },
  });
});

test.for<[RunFinish, string]>([
  ['stop', 'completed'],
  ['stop-sequence', 'completed'],
  ['length', 'incomplete'],
  ['tool-calls', 'completed'],
  ['context-full', 'incomplete'],
  ['paused', 'completed'],
])('a run that ends with %s is %s', async ([finish, status]) => {
  expect(await answer([text('a')], { finish })).toMatchObject({ status });
});

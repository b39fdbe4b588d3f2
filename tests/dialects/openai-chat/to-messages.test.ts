import { expect, test } from 'vitest';

import { openaiChat } from '../../../src/dialects/openai-chat/index.ts';
import { answerStreamed, call, cannedRun, reasoning, redacted, text } from '../canned-run.ts';

const BODY = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }], stream: true };

type Chunk = { choices: { delta: object; finish_reason: string | null }[] };

async function stream(
  parts: Parameters<typeof cannedRun>[0],
  end?: Parameters<typeof cannedRun>[1],
  fields: object = {},
) {
  const run = cannedRun(parts, end);
  const messages = await answerStreamed(openaiChat, { ...BODY, ...fields }, run);
  return messages.map(({ data }) => data);
}

/** What changes from chunk to chunk: the delta, and the reason behind the last one. */
async function streamDeltas(...run: Parameters<typeof stream>) {
  return (await stream(...run)).map((data) => {
    if (data === '[DONE]') return data;
    const [choice] = (JSON.parse(data) as Chunk).choices;
    const reason = choice?.finish_reason ? ` ${choice.finish_reason}` : '';
    return JSON.stringify(choice?.delta) + reason;
  });
}

test('a text: every chunk whole', async () => {
  expect(await stream([text('Hello', ' you')])).toMatchInlineSnapshot(`
    [
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}]}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"content":" you"},"logprobs":null,"finish_reason":null}]}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}",
      "[DONE]",
    ]
  `);
});

test('usage, when asked for, comes in a chunk of its own and is null before', async () => {
  const fields = { stream_options: { include_usage: true } };
  expect(await stream([text('a')], {}, fields)).toMatchInlineSnapshot(`
    [
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}],"usage":null}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}",
      "{"id":"chatcmpl-01","object":"chat.completion.chunk","created":1800000000,"model":"claude-sonnet-5-5","choices":[],"usage":{"prompt_tokens":15,"completion_tokens":5,"total_tokens":20,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":2,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}",
      "[DONE]",
    ]
  `);
});

test('two tool calls: a head each, then pieces, counted through', async () => {
  const parts = [
    text('Wait.'),
    call('toolu_1', 'f', '{"a"', ':1}'),
    call('toolu_2', 'g', '{"b":2}'),
  ];
  expect(await streamDeltas(parts, { finish: 'tool-calls' })).toMatchInlineSnapshot(`
    [
      "{"role":"assistant","content":"","refusal":null}",
      "{"content":"Wait."}",
      "{"tool_calls":[{"index":0,"id":"toolu_1","type":"function","function":{"name":"f","arguments":""}}]}",
      "{"tool_calls":[{"index":0,"function":{"arguments":"{\\"a\\""}}]}",
      "{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]}",
      "{"tool_calls":[{"index":1,"id":"toolu_2","type":"function","function":{"name":"g","arguments":""}}]}",
      "{"tool_calls":[{"index":1,"function":{"arguments":"{\\"b\\":2}"}}]}",
      "{} tool_calls",
      "[DONE]",
    ]
  `);
});

test.for([[], ['']])(
  'a tool called without arguments gets an empty object: %j',
  async (deltas: string[]) => {
    const messages = await streamDeltas([call('toolu_1', 'f', ...deltas)]);
    expect(messages).toContain('{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}');
  },
);

test('thinking is streamed as reasoning_content, what the API keeps secret is not', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), redacted('c2VjcmV0'), text('Yes.')];
  expect(await streamDeltas(parts)).toMatchInlineSnapshot(`
    [
      "{"role":"assistant","content":"","refusal":null}",
      "{"reasoning_content":"Hm."}",
      "{"content":"Yes."}",
      "{} stop",
      "[DONE]",
    ]
  `);
});

test('a refusal is told apart, with or without words', async () => {
  expect(await streamDeltas([text('No', ' way')], { finish: 'refusal' })).toMatchInlineSnapshot(`
    [
      "{"role":"assistant","content":"","refusal":null}",
      "{"content":"No"}",
      "{"content":" way"}",
      "{"refusal":"No way"}",
      "{} content_filter",
      "[DONE]",
    ]
  `);
  expect(await streamDeltas([], { finish: 'refusal' })).toMatchInlineSnapshot(`
    [
      "{"role":"assistant","content":"","refusal":null}",
      "{"refusal":"The model refused to answer."}",
      "{} content_filter",
      "[DONE]",
    ]
  `);
});

test('an answer that was cut says so', async () => {
  expect((await streamDeltas([text('Once')], { finish: 'length' })).slice(-2)).toEqual([
    '{} length',
    '[DONE]',
  ]);
});

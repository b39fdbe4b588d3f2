import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import {
  answerStreamed,
  answerWhole,
  call,
  cannedRun,
  reasoning,
  redacted,
  text,
} from '../canned-run.ts';

const BODY = { model: 'sonnet', input: 'Hi', stream: true };

type Run = Parameters<typeof cannedRun>;
type Event = { type: string; sequence_number: number; response?: { status: string } };

async function stream([parts, end]: Run, fields: object = {}) {
  const messages = await answerStreamed(
    openaiResponses,
    { ...BODY, ...fields },
    cannedRun(parts, end),
  );
  return messages.map(({ event, data }) => ({ event, data: JSON.parse(data) as Event }));
}

/** What happens between the beginning and the end of a response, without the numbers. */
async function streamItems(...run: Run) {
  return (await stream(run))
    .filter(({ data }) => data.response === undefined)
    .map(({ data }) => JSON.stringify({ ...data, sequence_number: undefined }));
}

test('a text: every event in order', async () => {
  expect(await streamItems([text('Hello', ' you')])).toMatchInlineSnapshot(`
    [
      "{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1_0","status":"in_progress","role":"assistant","content":[]}}",
      "{"type":"response.content_part.added","item_id":"msg_1_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}",
      "{"type":"response.output_text.delta","item_id":"msg_1_0","output_index":0,"content_index":0,"delta":"Hello","logprobs":[]}",
      "{"type":"response.output_text.delta","item_id":"msg_1_0","output_index":0,"content_index":0,"delta":" you","logprobs":[]}",
      "{"type":"response.output_text.done","item_id":"msg_1_0","output_index":0,"content_index":0,"text":"Hello you","logprobs":[]}",
      "{"type":"response.content_part.done","item_id":"msg_1_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hello you","annotations":[],"logprobs":[]}}",
      "{"type":"response.output_item.done","output_index":0,"item":{"type":"message","id":"msg_1_0","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello you","annotations":[],"logprobs":[]}]}}",
    ]
  `);
});

test('begins in progress without usage, ends with the whole response, counts every event', async () => {
  const events = await stream([[text('Hello')]]);
  expect(events.map(({ data }) => data.sequence_number)).toEqual(events.map((_, index) => index));
  expect(events.every(({ event, data }) => event === data.type)).toBe(true);
  const [created, inProgress] = events;
  for (const event of [created, inProgress]) {
    expect(event?.data.response).toMatchObject({
      id: 'resp_1',
      status: 'in_progress',
      model: 'claude-sonnet-5-5',
      output: [],
      usage: null,
    });
  }
  expect([created?.event, inProgress?.event]).toEqual(['response.created', 'response.in_progress']);
  const whole = await answerWhole(openaiResponses, BODY, cannedRun([text('Hello')]));
  expect(events.at(-1)?.event).toBe('response.completed');
  expect(events.at(-1)?.data.response).toEqual({ ...whole, completed_at: expect.any(Number) });
});

test('two calls: arguments in pieces, done, and an empty object where there are none', async () => {
  const parts = [call('toolu_1', 'f', '', '{"a"', ':1}'), call('toolu_2', 'g')];
  expect(await streamItems(parts, { finish: 'tool-calls' })).toMatchInlineSnapshot(`
    [
      "{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1_0","status":"in_progress","call_id":"toolu_1","name":"f","arguments":""}}",
      "{"type":"response.function_call_arguments.delta","item_id":"fc_1_0","output_index":0,"delta":"{\\"a\\""}",
      "{"type":"response.function_call_arguments.delta","item_id":"fc_1_0","output_index":0,"delta":":1}"}",
      "{"type":"response.function_call_arguments.done","item_id":"fc_1_0","output_index":0,"name":"f","arguments":"{\\"a\\":1}"}",
      "{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call","id":"fc_1_0","status":"completed","call_id":"toolu_1","name":"f","arguments":"{\\"a\\":1}"}}",
      "{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","id":"fc_1_1","status":"in_progress","call_id":"toolu_2","name":"g","arguments":""}}",
      "{"type":"response.function_call_arguments.delta","item_id":"fc_1_1","output_index":1,"delta":"{}"}",
      "{"type":"response.function_call_arguments.done","item_id":"fc_1_1","output_index":1,"name":"g","arguments":"{}"}",
      "{"type":"response.output_item.done","output_index":1,"item":{"type":"function_call","id":"fc_1_1","status":"completed","call_id":"toolu_2","name":"g","arguments":"{}"}}",
    ]
  `);
});

test('thinking is a summary; what the API keeps secret has none', async () => {
  const parts = [reasoning('Hm.', 'c2ln'), redacted('c2VjcmV0'), text('Yes.')];
  expect((await streamItems(parts)).slice(0, 8)).toMatchInlineSnapshot(`
    [
      "{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1_0","summary":[]}}",
      "{"type":"response.reasoning_summary_part.added","item_id":"rs_1_0","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}",
      "{"type":"response.reasoning_summary_text.delta","item_id":"rs_1_0","output_index":0,"summary_index":0,"delta":"Hm."}",
      "{"type":"response.reasoning_summary_text.done","item_id":"rs_1_0","output_index":0,"summary_index":0,"text":"Hm."}",
      "{"type":"response.reasoning_summary_part.done","item_id":"rs_1_0","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"Hm."}}",
      "{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1_0","summary":[{"type":"summary_text","text":"Hm."}]}}",
      "{"type":"response.output_item.added","output_index":1,"item":{"type":"reasoning","id":"rs_1_1","summary":[]}}",
      "{"type":"response.output_item.done","output_index":1,"item":{"type":"reasoning","id":"rs_1_1","summary":[]}}",
    ]
  `);
});

test('a refusal is a message of its own, and the only one of the response', async () => {
  const events = await stream([[text('No')], { finish: 'refusal' }]);
  expect(events.at(-1)?.data.response).toMatchObject({ output: [{ id: 'msg_1_1' }] });
  expect(events.slice(8, -1).map(({ data }) => data)).toMatchInlineSnapshot(`
    [
      {
        "item": {
          "content": [],
          "id": "msg_1_1",
          "role": "assistant",
          "status": "in_progress",
          "type": "message",
        },
        "output_index": 1,
        "sequence_number": 8,
        "type": "response.output_item.added",
      },
      {
        "content_index": 0,
        "item_id": "msg_1_1",
        "output_index": 1,
        "part": {
          "refusal": "",
          "type": "refusal",
        },
        "sequence_number": 9,
        "type": "response.content_part.added",
      },
      {
        "content_index": 0,
        "delta": "No",
        "item_id": "msg_1_1",
        "output_index": 1,
        "sequence_number": 10,
        "type": "response.refusal.delta",
      },
      {
        "content_index": 0,
        "item_id": "msg_1_1",
        "output_index": 1,
        "refusal": "No",
        "sequence_number": 11,
        "type": "response.refusal.done",
      },
      {
        "content_index": 0,
        "item_id": "msg_1_1",
        "output_index": 1,
        "part": {
          "refusal": "No",
          "type": "refusal",
        },
        "sequence_number": 12,
        "type": "response.content_part.done",
      },
      {
        "item": {
          "content": [
            {
              "refusal": "No",
              "type": "refusal",
            },
          ],
          "id": "msg_1_1",
          "role": "assistant",
          "status": "completed",
          "type": "message",
        },
        "output_index": 1,
        "sequence_number": 13,
        "type": "response.output_item.done",
      },
    ]
  `);
});

test('an answer that was cut ends with response.incomplete', async () => {
  const events = await stream([[text('Once')], { finish: 'length' }]);
  expect(events.at(-1)).toMatchObject({
    event: 'response.incomplete',
    data: {
      response: {
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ status: 'incomplete' }],
      },
    },
  });
});

test('in the background it is queued before the model answers', async () => {
  const events = await stream([[text('a')]], { background: true });
  expect(events.slice(0, 3).map(({ event, data }) => [event, data.response?.status])).toEqual([
    ['response.created', 'queued'],
    ['response.queued', 'queued'],
    ['response.in_progress', 'in_progress'],
  ]);
});

import { describe, expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { createTypeChecks, type TypeCheck } from '../../schemas/type-checks.ts';
import {
  answerStreamed,
  answerWhole,
  call,
  cannedRun,
  reasoning,
  redacted,
  text,
} from '../canned-run.ts';

type Run = Parameters<typeof cannedRun>;

const BODY = { model: 'sonnet', input: 'Hi' };

const CASES: [string, object, ...Run][] = [
  ['a text', {}, [text('Hello', ' you')]],
  ['calls', {}, [text('Wait.'), call('toolu_1', 'f', '{"a":1}'), call('toolu_2', 'g')]],
  ['thinking', {}, [reasoning('Hm.', 'c2ln'), redacted('c2Vj'), text('Yes.')]],
  [
    'thinking with its proof',
    { include: ['reasoning.encrypted_content'] },
    [reasoning('Hm.', 'c2ln'), text('Yes.')],
  ],
  ['a refusal', {}, [text('No')], { finish: 'refusal' }],
  ['a cut', {}, [text('Once')], { finish: 'length' }],
  ['a background response', { background: true }, [text('a')]],
  [
    'everything that can be asked for',
    {
      instructions: 'Be brief.',
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
      tool_choice: { type: 'function', name: 'f' },
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' } } },
      reasoning: { effort: 'low', summary: 'auto' },
      metadata: { a: 'b' },
      user: 'ann',
    },
    [text('{}')],
  ],
];

/** Every event that is ever sent → its type in the package. */
const EVENTS: Record<string, string> = {
  'response.created': 'ResponseCreatedEvent',
  'response.queued': 'ResponseQueuedEvent',
  'response.in_progress': 'ResponseInProgressEvent',
  'response.completed': 'ResponseCompletedEvent',
  'response.incomplete': 'ResponseIncompleteEvent',
  'response.output_item.added': 'ResponseOutputItemAddedEvent',
  'response.output_item.done': 'ResponseOutputItemDoneEvent',
  'response.content_part.added': 'ResponseContentPartAddedEvent',
  'response.content_part.done': 'ResponseContentPartDoneEvent',
  'response.output_text.delta': 'ResponseTextDeltaEvent',
  'response.output_text.done': 'ResponseTextDoneEvent',
  'response.refusal.delta': 'ResponseRefusalDeltaEvent',
  'response.refusal.done': 'ResponseRefusalDoneEvent',
  'response.function_call_arguments.delta': 'ResponseFunctionCallArgumentsDeltaEvent',
  'response.function_call_arguments.done': 'ResponseFunctionCallArgumentsDoneEvent',
  'response.reasoning_summary_part.added': 'ResponseReasoningSummaryPartAddedEvent',
  'response.reasoning_summary_part.done': 'ResponseReasoningSummaryPartDoneEvent',
  'response.reasoning_summary_text.delta': 'ResponseReasoningSummaryTextDeltaEvent',
  'response.reasoning_summary_text.done': 'ResponseReasoningSummaryTextDoneEvent',
};

const DEVIATIONS = [
  // The package adds it.
  'Response.output_text',
  // The API's answers have them, whatever the package says.
  'Response.store',
  'Response.presence_penalty',
  'Response.frequency_penalty',
  'ResponseFunctionCallArgumentsDoneEvent.name',
];

const DECLARATION = 'openai/resources/responses/responses.d.ts';
const isResponse = createTypeChecks(DECLARATION, { deviations: DEVIATIONS })('Response');
const toEventCheck = createTypeChecks(DECLARATION, {
  // `null` until it is known.
  deviations: [...DEVIATIONS, 'Response.usage'],
});
const checks = new Map<string, TypeCheck>();

/** What is wrong with an event, by its type. */
function complain(event: { type: string }): string[] {
  const name = EVENTS[event.type];
  if (name === undefined) return [`There is no event ${event.type}.`];
  const check = checks.get(name) ?? toEventCheck(name);
  checks.set(name, check);
  return check(event);
}

describe.each(CASES)('%s', (_name, fields, parts, end) => {
  test('whole is a response as the package declares it', async () => {
    const whole = await answerWhole(openaiResponses, { ...BODY, ...fields }, cannedRun(parts, end));
    expect(isResponse(whole)).toEqual([]);
  });

  test('streamed is made of events as the package declares them', async () => {
    const body = { ...BODY, ...fields, stream: true };
    const messages = await answerStreamed(openaiResponses, body, cannedRun(parts, end));
    expect(messages.flatMap(({ data }) => complain(JSON.parse(data)))).toEqual([]);
  });
});

test('what lacks a field is none', async () => {
  const run = [text('Hello')];
  const whole = JSON.stringify(await answerWhole(openaiResponses, BODY, cannedRun(run)));
  for (const field of ['id', 'annotations', 'cached_tokens', 'tool_choice', 'top_p']) {
    expect(isResponse(JSON.parse(whole.replace(`"${field}"`, '"other"')))).not.toEqual([]);
  }
  const [created] = await answerStreamed(openaiResponses, BODY, cannedRun(run));
  const broken = { ...JSON.parse(created?.data ?? ''), sequence_number: null };
  expect(complain(broken)).not.toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toSpoken, wentOn } from './upstream.ts';

/** The request that brings the results may differ from the one whose answer called the tool. */

const CALL = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } };
const RESULT = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain.' };
const WEATHER = {
  name: 'weather',
  description: 'Tells the weather.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
};
const ANSWER_SCHEMA = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
};
const QUESTION = { role: 'user', content: 'How is the weather in Paris?' };
const REQUEST = {
  model: 'sonnet',
  max_tokens: 3000,
  system: 'You are terse.',
  tools: [WEATHER],
  messages: [QUESTION],
};

let proxy: Proxy;
/** A server that never saw the call: the cold way. */
let stranger: Proxy;
beforeAll(async () => {
  [proxy, stranger] = await Promise.all([
    startProxy({ answer: callThenSay([CALL], '{"a":"b"}') }),
    startProxy({ answer: callThenSay([CALL], '{"a":"b"}'), settings: ONE_EACH }),
  ]);
});
afterAll(() => Promise.all([proxy.stop(), stranger.stop()]));

type Body = Record<string, unknown>;

test.each<[string, first: Body, then: Body]>([
  ['a temperature', {}, { temperature: 0.5 }],
  ['another temperature', { temperature: 0.1 }, { temperature: 0.5 }],
  ['no temperature any more', { temperature: 0.1 }, {}],
  ['top_p', {}, { top_p: 0.5 }],
  ['top_k', {}, { top_k: 5 }],
  ['stop sequences', {}, { stop_sequences: ['x'] }],
  ['a forced call', {}, { tool_choice: { type: 'any' } }],
  ['no forced call any more', { tool_choice: { type: 'any' } }, {}],
  ['no calls', {}, { tool_choice: { type: 'none' } }],
  ['one call at a time', {}, { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }],
  ['a service tier', {}, { service_tier: 'standard_only' }],
  ['a schema', {}, { output_config: { format: { type: 'json_schema', schema: ANSWER_SCHEMA } } }],
])('%s reaches the model from the process that waits', async (_, first, then) => {
  const { arrived, cold } = await bringResults(first, then);

  expect(wentOn(arrived)).toBe(true);
  expect(toFields(arrived)).toEqual(toFields(cold));
});

test.each<[string, first: Body, then: Body]>([
  ['fewer tokens', {}, { max_tokens: 77 }],
  ['a low effort', {}, { output_config: { effort: 'low' } }],
  ['a high effort', { output_config: { effort: 'low' } }, { output_config: { effort: 'high' } }],
  ['no effort any more', { output_config: { effort: 'low' } }, {}],
  ['thinking', {}, { thinking: { type: 'adaptive' } }],
  ['no thinking any more', { thinking: { type: 'adaptive' } }, {}],
  ['a thinking budget', {}, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
  ['another model', {}, { model: 'opus' }],
  ['other instructions', {}, { system: 'You are verbose.' }],
  ['another tool', {}, { tools: [WEATHER, { ...WEATHER, name: 'clock' }] }],
  ['another user', {}, { metadata: { user_id: 'ann' } }],
])('%s reaches it from one that is told the conversation anew', async (_, first, then) => {
  const { arrived, cold } = await bringResults(first, then);

  expect(wentOn(arrived)).toBe(false);
  expect(toFields(arrived)).toEqual(toFields(cold));
  expect(toSpoken(arrived)).toEqual(toSpoken(cold));
});

test('a call that comes back with defaults filled in is the one that waits', async () => {
  const { arrived } = await bringResults({}, {}, { input: { unit: 'C', city: 'Paris' } });
  expect(wentOn(arrived)).toBe(true);
});

test('a call whose argument was changed is another conversation', async () => {
  const { arrived, cold } = await bringResults({}, {}, { input: { city: 'Rome' } });

  expect(wentOn(arrived)).toBe(false);
  expect(toSpoken(arrived)).toEqual(toSpoken(cold));
});

/** Lets the model call, and brings the result with another request. */
async function bringResults(first: Body, then: Body, changes: Body = {}) {
  await proxy.send('/v1/messages', { ...REQUEST, ...first });
  const messages = [
    QUESTION,
    { role: 'assistant', content: [{ ...CALL, ...changes }] },
    { role: 'user', content: [RESULT] },
  ];
  const arrivals = await Promise.all(
    [proxy, stranger].map(async (to) => {
      const answer = await to.send('/v1/messages', { ...REQUEST, ...then, messages });
      expect(answer.status).toBe(200);
      return lastRequest(to);
    }),
  );
  const [arrived, cold] = arrivals as [UpstreamRequest, UpstreamRequest]; // one of each
  return { arrived, cold };
}

/** Everything but the conversation and who asked. */
function toFields({ body }: UpstreamRequest) {
  const { messages: _messages, metadata: _metadata, ...fields } = body;
  return fields;
}

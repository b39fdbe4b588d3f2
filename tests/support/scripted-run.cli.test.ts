import { beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import {
  cutReply,
  emptyReply,
  errorReply,
  failingReply,
  heldReply,
  refusalReply,
  type Reply,
  slowReply,
  textReply,
  thinkingReply,
  toolReply,
} from '../../src/demo/replies.ts';
import { lastRequest, toSpoken } from '../tools/upstream.ts';
import { createScriptedProxy, type Reachable } from './create-scripted-proxy.ts';
import { readSse } from './read-sse.ts';
import { shareProxy } from './share-proxy.ts';

let proxy: Reachable;
beforeAll(async () => {
  proxy = await shareProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});

const BODY = {
  model: 'sonnet',
  max_tokens: 1000,
  stream: true,
  messages: [{ role: 'user', content: 'Hello.' }],
};
const TOOL = { name: 'weather', input_schema: { type: 'object' } };
const CALL = { id: 'toolu_1', name: 'weather', input: { city: 'Paris' } };
const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
};
const OVERLOADED = { type: 'overloaded_error', message: 'Overloaded' };

/** Every kind of src/demo/replies.ts but silence, which has no events. */
const REPLIES: Readonly<Record<string, (seen: Promise<void>) => Reply>> = {
  'a text': () => textReply('All is well.'),
  'a text that was cut': () => textReply('Once upon a', { stopReason: 'max_tokens' }),
  'a text before a stop sequence': () =>
    textReply('One two', { stopReason: 'stop_sequence', stopSequence: 'three' }),
  'thinking and a text': () => thinkingReply('Let me see.', 'Done.'),
  'a call': () => toolReply([CALL]),
  'a text and two calls': () =>
    toolReply([CALL, { ...CALL, id: 'toolu_2', input: {} }], { text: 'I look.' }),
  nothing: () => emptyReply(),
  'a refusal': () => refusalReply(),
  'a refusal behind a text': () => refusalReply('I would'),
  'a text with waits': () => slowReply('one two three', () => Promise.resolve()),
  'a text that is held': () => heldReply('one two three four', Promise.resolve()),
  'a text that fails': () => failingReply('one two three four', OVERLOADED),
  'a text whose connection breaks': (seen) => cutReply('one two three four', { seen }),
  'a bad request': () => errorReply(400, 'invalid_request_error', 'temperature: too hot'),
  'no such model': () => errorReply(404, 'not_found_error', 'model: sonnet'),
  'a server error': () => errorReply(500, 'api_error', 'Internal server error'),
  'a wrong login': () => errorReply(401, 'authentication_error', 'invalid x-api-key'),
  'a thing that is forbidden': () => errorReply(403, 'permission_error', 'Not yours.'),
  'a body that is too large': () => errorReply(413, 'request_too_large', 'Request exceeds it.'),
  'the rate limit': () => errorReply(429, 'rate_limit_error', 'Too many requests.'),
  'an overload': () => errorReply(529, 'overloaded_error', 'Overloaded'),
  'a conversation that is too long': () =>
    errorReply(400, 'invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
};

/** What the clients' tests look for upstream, in the dialect that is nearest to it. */
const FIELDS: Readonly<Record<string, object>> = {
  'a call that must be made': { tools: [TOOL], tool_choice: { type: 'any' } },
  'a tool that must be called': { tools: [TOOL], tool_choice: { type: 'tool', name: TOOL.name } },
  'tools that must not be called': { tools: [TOOL], tool_choice: { type: 'none' } },
  'one call at the most': {
    tools: [TOOL],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  },
  'stop sequences': { stop_sequences: ['three', 'four'] },
  sampling: { temperature: 0.3, max_tokens: 77 },
  'an effort': { output_config: { effort: 'high' } },
  'a thinking budget': { max_tokens: 3000, thinking: { type: 'enabled', budget_tokens: 2000 } },
  'a schema of the answer': {
    output_config: { format: { type: 'json_schema', schema: SCHEMA } },
  },
  'a history with calls and their results': {
    tools: [TOOL],
    messages: [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', content: [{ type: 'tool_use', ...CALL }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: CALL.id, content: 'No wind.', is_error: true },
        ],
      },
    ],
  },
};

const scripted = createScriptedProxy();

test.each(Object.entries(REPLIES))('%s has the same events from both', async (_, toReply) => {
  expect(await read(scripted, toReply)).toEqual(await read(proxy, toReply));
});

test.each(Object.entries(FIELDS))('%s arrives alike from both', async (_, fields) => {
  expect(await arrive(scripted, fields)).toEqual(await arrive(proxy, fields));
});

test('who leaves closes the connection to the model of both', async () => {
  for (const { model, send } of [scripted, proxy]) {
    model.answer = () => heldReply('one two three four', new Promise(() => {}));
    const leaving = new AbortController();
    const response = await send('/v1/messages', BODY, { signal: leaving.signal });
    const reading = response.text();
    leaving.abort();

    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await expect(lastRequest({ model }).closed).resolves.toBe('aborted');
  }
});

/** What of a request the model gets, beside what the CLI says for itself. */
async function arrive(from: Reachable, fields: object): Promise<unknown> {
  from.model.answer = demoAnswer;
  expect((await from.send('/v1/messages', { ...BODY, ...fields })).status).toBe(200);
  const request = lastRequest(from);
  const { tools = [], tool_choice, stop_sequences, temperature, max_tokens } = request.body;
  const { output_config: { effort, format } = {}, thinking } = request.body;
  return {
    given: { tool_choice, stop_sequences, temperature, max_tokens, format, thinking },
    effort: effort === 'medium' ? undefined : effort, // the CLI's own when none was asked for
    tools: tools.map(({ name }) => name),
    spoken: toSpoken(request).map(({ role, content }) => ({
      role,
      content: content.filter(({ text = '' }) => !text.startsWith('<system-reminder>')),
    })),
  };
}

/** The answer in the dialect that is nearest to the events. */
async function read(from: Reachable, toReply: (seen: Promise<void>) => Reply): Promise<unknown> {
  const seen = Promise.withResolvers<void>();
  from.model.answer = () => toReply(seen.promise);
  const response = await from.send('/v1/messages', { ...BODY, tools: [TOOL] });
  if (response.status !== 200)
    return { status: response.status, body: toStable(await response.text()) };
  const messages: unknown[] = [];
  for await (const { event, data } of readSse(response)) {
    messages.push({ event, data: toStable(data) });
    if (data.includes('two')) seen.resolve();
  }
  return messages;
}

function toStable(text: string): unknown {
  return JSON.parse(
    text
      .replaceAll(/"(msg|req)_[\w-]+"/g, '"id"')
      .replaceAll(/"request_id":"[^"]*"/g, '"request_id":"id"')
      .replace(/`[^`]*claude auth login`/, '`claude auth login`'),
  );
}

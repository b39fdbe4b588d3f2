import { beforeAll, expect, test } from 'vitest';

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
import { createScriptedProxy, type Reachable } from './create-scripted-proxy.ts';
import { readSse } from './read-sse.ts';
import { shareProxy } from './share-proxy.ts';

let proxy: Reachable;
beforeAll(async () => {
  proxy = await shareProxy({ settings: { CLAUDE_MAX_RETRIES: '0' } });
});

const TOOL = { name: 'weather', input_schema: { type: 'object' } };
const CALL = { id: 'toolu_1', name: 'weather', input: { city: 'Paris' } };
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
};

const scripted = createScriptedProxy();

test.each(Object.entries(REPLIES))('%s has the same events from both', async (_, toReply) => {
  expect(await read(scripted, toReply)).toEqual(await read(proxy, toReply));
});

/** The answer in the dialect that is nearest to the events. */
async function read(from: Reachable, toReply: (seen: Promise<void>) => Reply): Promise<unknown> {
  const seen = Promise.withResolvers<void>();
  from.model.answer = () => toReply(seen.promise);
  const response = await from.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 1000,
    stream: true,
    tools: [TOOL],
    messages: [{ role: 'user', content: 'Hello.' }],
  });
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
      .replaceAll(/"request_id":"[^"]*"/g, '"request_id":"id"'),
  );
}

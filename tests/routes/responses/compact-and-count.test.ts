import { expect, test } from 'vitest';

import { post } from '../../support/create-test-app.ts';
import { text } from '../../dialects/canned-run.ts';
import { createResponsesApp, toSaid } from './responses-app.ts';

test('input_tokens counts what a response would be asked', async () => {
  const { app } = createResponsesApp();
  for (const body of [{ model: 'sonnet', input: 'Hi' }, { input: 'Hi' }]) {
    const response = await post(app, '/v1/responses/input_tokens', body);
    expect(await response.json()).toEqual({ object: 'response.input_tokens', input_tokens: 1 });
  }
});

test('what does not count is named as it is for an answer', async () => {
  const { app } = createResponsesApp();
  const tokens = await post(app, '/v1/responses/input_tokens', { input: 'Hi', moderation: {} });
  expect(tokens.headers.get('x-ignored-params')).toBe('moderation');

  const messages = [{ role: 'user', content: 'Hi' }];
  const body = { model: 'sonnet', messages, speed: 'fast' };
  const counted = await post(app, '/v1/messages/count_tokens', body);
  expect(counted.headers.get('x-ignored-params')).toBe('speed');
});

test('a compaction keeps what the user said, and can be read again', async () => {
  const { send, create, requests } = createResponsesApp([text('They like tea.')]);
  const first = await create({ input: 'I like tea.' });
  const { body } = await send('/v1/responses/compact', {
    model: 'sonnet',
    previous_response_id: first.id,
    input: 'Remember that.',
  });
  expect(requests.map(toSaid)[1]).toEqual([
    'user: I like tea.',
    'assistant: They like tea.',
    expect.stringMatching(/^user: Remember that\.\|Summarize the conversation/),
  ]);
  expect(body).toMatchObject({
    id: expect.stringMatching(/^resp_/),
    object: 'response.compaction',
    created_at: expect.any(Number),
    output: [
      { type: 'message', role: 'user', content: [{ text: 'I like tea.' }] },
      { type: 'message', role: 'user', content: [{ text: 'Remember that.' }] },
      { type: 'compaction', id: expect.stringMatching(/^cmp_/) },
    ],
    usage: { total_tokens: 20 },
  });

  const output = body['output'] as object[];
  await create({ input: [...output, { role: 'user', content: 'What do I like?' }] });
  expect(requests.map(toSaid)[2]).toEqual([
    'user: I like tea.|Remember that.|A summary of the conversation so far:\n\nThey like tea.|What do I like?',
  ]);
});

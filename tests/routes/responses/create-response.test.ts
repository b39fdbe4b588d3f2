import { expect, test } from 'vitest';

import type { Run } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { cannedRun, text } from '../../dialects/canned-run.ts';
import { post } from '../../support/create-test-app.ts';
import { readSse } from '../../support/read-sse.ts';
import { createResponsesApp, withCalls } from './responses-app.ts';

/** Says a word, then fails. */
const failLate: Run = async function* fail(): ReturnType<Run> {
  for await (const event of cannedRun([text('Hel')])) {
    if (event.type === 'part-end') throw new RunError('upstream-failed', 'It broke.');
    yield event;
  }
};

const failEarly: Run = () => {
  throw new RunError('overloaded', 'Too much.', { retryAfterSeconds: 3 });
};

test.for(['/v1/responses', '/responses', '/v1/v1/responses', '/v1/responses/'])(
  'answers on %s',
  async (path) => {
    const { app } = createResponsesApp();
    const response = await post(app, path, { model: 'sonnet', input: 'Hi' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({ object: 'response', model: 'claude-sonnet-5-5' });
  },
);

test('a stream has named events and no [DONE]', async () => {
  const { stream } = createResponsesApp();
  const response = await stream({ input: 'Hi' });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const messages = await Array.fromAsync(readSse(response));
  expect(messages.map(({ event }) => event)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ]);
});

test('parameters that cannot be honoured are named', async () => {
  const { app } = createResponsesApp();
  const body = { model: 'sonnet', input: 'Hi', truncation: 'auto' };
  for (const fields of [{}, { stream: true }, { background: true }]) {
    const response = await post(app, '/v1/responses', { ...body, ...fields });
    expect(response.headers.get('x-ignored-params')).toBe('truncation');
  }
});

test.for([false, true])(
  'what fails before the first byte is a status (stream: %s)',
  async (stream) => {
    const { app } = withCalls(failEarly);
    const response = await post(app, '/v1/responses', { model: 'sonnet', input: 'Hi', stream });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toMatchObject({
      error: { message: 'Too much.', code: 'overloaded' },
    });
  },
);

test('what fails later is an event with its number, and the response is stored as failed', async () => {
  const { stream, read } = withCalls(failLate);
  const messages = await Array.fromAsync(readSse(await stream({ input: 'Hi' })));
  const events = messages.map(({ data }) => JSON.parse(data));
  expect(messages.at(-1)?.event).toBe('error');
  expect(events.at(-1)).toEqual({
    type: 'error',
    code: 'upstream_error',
    message: 'It broke.',
    param: null,
    sequence_number: events.length - 1,
  });
  expect(await read(`/v1/responses/${events[0].response.id}`)).toMatchObject({
    body: { status: 'failed', error: { code: 'server_error', message: 'It broke.' } },
  });
});

test('a response that failed cannot be continued', async () => {
  const { stream, send } = withCalls(failLate);
  const [created] = await Array.fromAsync(readSse(await stream({ input: 'Hi' })));
  const { id } = JSON.parse(created?.data ?? '').response;
  const body = { model: 'sonnet', input: 'Go on', previous_response_id: id };
  expect(await send('/v1/responses', body)).toMatchObject({
    status: 400,
    body: { error: { param: 'previous_response_id', message: expect.stringContaining('failed') } },
  });
});

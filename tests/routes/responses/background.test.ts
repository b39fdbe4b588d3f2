import { describe, expect, test } from 'vitest';

import type { Run, RunEvent } from '../../../src/run.ts';
import { RunError } from '../../../src/run-error.ts';
import { cannedRun, text } from '../../dialects/canned-run.ts';
import { get } from '../../support/create-test-app.ts';
import { readSse } from '../../support/read-sse.ts';
import { createResponsesApp, withCalls } from './responses-app.ts';

/** A model that waits before it speaks and before it ends. */
function createHeldModel() {
  const begin = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  const run: Run = async function* held(_request, signal): AsyncIterable<RunEvent> {
    signal.addEventListener('abort', () => {
      stopped.resolve(signal.reason);
      begin.reject(signal.reason);
      finish.reject(signal.reason);
    });
    await begin.promise;
    for await (const event of cannedRun([text('Hello', ' you')])) {
      if (event.type === 'run-end') await finish.promise;
      yield event;
    }
  };
  // A test may end before the model is told anything.
  begin.promise.catch(() => {});
  finish.promise.catch(() => {});
  return {
    ...withCalls(run),
    begin: begin.resolve,
    finish: finish.resolve,
    fail: finish.reject,
    stopped: stopped.promise,
  };
}

type Held = ReturnType<typeof createHeldModel>;

/** Asks until the response has this status: nothing else tells. */
async function untilStatus({ read }: Pick<Held, 'read'>, id: string, status: string) {
  for (;;) {
    const { body } = await read(`/v1/responses/${id}`);
    if (body['status'] === status) return body;
  }
}

describe('a background response', () => {
  test('is queued at once, in progress when the model answers, complete at the end', async () => {
    const model = createHeldModel();
    const response = await model.create({ input: 'Hi', background: true });
    expect(response).toMatchObject({ status: 'queued', background: true, output: [], usage: null });
    expect(await model.read(`/v1/responses/${response.id}`)).toMatchObject({ body: response });

    model.begin();
    await untilStatus(model, response.id, 'in_progress');
    model.finish();
    expect(await untilStatus(model, response.id, 'completed')).toMatchObject({
      id: response.id,
      output: [{ content: [{ text: 'Hello you' }] }],
      usage: { output_tokens: 5 },
    });
  });

  test('that fails says so when it is asked', async () => {
    const model = createHeldModel();
    const { id } = await model.create({ input: 'Hi', background: true });
    model.begin();
    model.fail(new RunError('rate-limited', 'Slow down.'));
    expect(await untilStatus(model, id, 'failed')).toMatchObject({
      error: { code: 'rate_limit_exceeded', message: 'Slow down.' },
      output: [],
    });
  });

  test('can be cancelled, twice too, and stays cancelled', async () => {
    const model = createHeldModel();
    const { id } = await model.create({ input: 'Hi', background: true });
    for (const _ of [1, 2]) {
      expect(await model.send(`/v1/responses/${id}/cancel`)).toMatchObject({
        status: 200,
        body: { id, status: 'cancelled', error: null },
      });
    }
    expect(await model.read(`/v1/responses/${id}`)).toMatchObject({
      body: { status: 'cancelled' },
    });
  });

  test('that is complete is left as it is by a cancel', async () => {
    const { create, send, read } = createResponsesApp();
    const { id } = await create({ input: 'Hi', background: true });
    await untilStatus({ read }, id, 'completed');
    expect(await send(`/v1/responses/${id}/cancel`)).toMatchObject({
      body: { status: 'completed' },
    });
  });

  test('that is deleted is ended, and does not come back', async () => {
    const model = createHeldModel();
    const { id } = await model.create({ input: 'Hi', background: true });
    expect(await model.remove(`/v1/responses/${id}`)).toMatchObject({ body: { deleted: true } });
    expect(await model.stopped).toMatchObject({ code: 'cancelled' });
    expect(await model.read(`/v1/responses/${id}`)).toMatchObject({ status: 404 });
  });

  test('cannot be continued before it is complete', async () => {
    const model = createHeldModel();
    const { id } = await model.create({ input: 'Hi', background: true });
    const body = { model: 'sonnet', input: 'Go on', previous_response_id: id };
    expect(await model.send('/v1/responses', body)).toMatchObject({
      status: 400,
      body: { error: { param: 'previous_response_id' } },
    });
  });
});

test('a response that is not in the background cannot be cancelled', async () => {
  const { create, send } = createResponsesApp();
  const { id } = await create({ input: 'Hi' });
  expect(await send(`/v1/responses/${id}/cancel`)).toMatchObject({
    status: 400,
    body: { error: { param: 'response_id' } },
  });
});

describe('a background response that is streamed', () => {
  test('is heard again from any event on, while it runs and later', async () => {
    const model = createHeldModel();
    const response = await model.stream({ input: 'Hi', background: true });
    const messages = readSse(response)[Symbol.asyncIterator]();
    const first = await messages.next();
    const { id } = JSON.parse(first.value?.data ?? '').response;
    expect(first.value?.event).toBe('response.created');
    await messages.return?.();

    const path = `/v1/responses/${id}?stream=true&starting_after=2`;
    const live = Array.fromAsync(readSse(await get(model.app, path)));
    model.begin();
    model.finish();
    const names = (await live).map(({ event }) => event);
    expect(names[0]).toBe('response.output_item.added');
    expect(names.at(-1)).toBe('response.completed');
    expect(await Array.fromAsync(readSse(await get(model.app, path)))).toEqual(await live);
  });

  test('that fails ends with response.failed', async () => {
    const model = createHeldModel();
    const response = await model.stream({ input: 'Hi', background: true });
    model.begin();
    model.fail(new RunError('upstream-failed', 'It broke.'));
    const last = (await Array.fromAsync(readSse(response))).at(-1);
    expect(last?.event).toBe('response.failed');
    expect(JSON.parse(last?.data ?? '')).toMatchObject({
      response: { status: 'failed', error: { message: 'It broke.' } },
    });
  });
});

test.for([false, true])(
  'only a stream can be streamed later (background: %s)',
  async (background) => {
    const { create, read } = createResponsesApp();
    const { id } = await create({ input: 'Hi', background });
    await untilStatus({ read }, id, 'completed');
    expect(await read(`/v1/responses/${id}?stream=true`)).toMatchObject({
      status: 400,
      body: { error: { param: 'stream' } },
    });
  },
);

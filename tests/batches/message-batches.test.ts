import { APIError } from '@anthropic-ai/sdk';
import type Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';

import { cannedRun, text } from '../dialects/canned-run.ts';
import { checkOf } from '../support/openapi-checks.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { openForEach, toFailureOf, toIds, untilMessagesEnded } from './batch-app.ts';

const open = openForEach();
const failureOf = toFailureOf(APIError);

const hello: Run = () => cannedRun([text('Hello.')]);

const loseOne: Run = (request, signal) => {
  if (request.model === 'lost') throw new RunError('model-not-found', 'There is none.');
  return hello(request, signal);
};

/** Says nothing until it is stopped. */
const held: Run = async function* held(_request, signal) {
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  yield* cannedRun([]);
};

function toRequest(id: string, more: object = {}) {
  return {
    custom_id: id,
    params: {
      model: 'sonnet',
      max_tokens: 10,
      messages: [{ role: 'user' as const, content: id }],
      ...more,
    },
  };
}

function toErrored(type: string, message: unknown) {
  const error = { type: 'error', error: { type, message }, request_id: expect.any(String) };
  return { type: 'errored', error };
}

async function readResults(anthropic: Anthropic, id: string) {
  return Array.fromAsync(await anthropic.messages.batches.results(id));
}

describe('a batch of messages', () => {
  test('is answered message by message; nothing counts as done before all is', async () => {
    const { anthropic } = await open({ run: hello });
    const started = await anthropic.messages.batches.create({
      requests: toIds(5).map((id) => toRequest(id)),
    });
    expect(started).toMatchObject({
      type: 'message_batch',
      processing_status: 'in_progress',
      request_counts: { processing: 5, succeeded: 0 },
      results_url: null,
      ended_at: null,
    });
    expect(checkOf('MessageBatch')(started)).toEqual([]);

    const batch = await untilMessagesEnded(anthropic, started.id);
    const results = await readResults(anthropic, started.id);

    expect(batch.request_counts).toEqual({
      processing: 0,
      succeeded: 5,
      errored: 0,
      canceled: 0,
      expired: 0,
    });
    expect(checkOf('MessageBatch')(batch)).toEqual([]);
    expect(results.map(({ custom_id }) => custom_id)).toEqual(toIds(5));
    const [first] = results;
    if (first?.result.type !== 'succeeded') throw new Error('It failed.');
    expect(checkOf('Message')(first.result.message)).toEqual([]);
  });

  test('one request’s failure is its own', async () => {
    const { anthropic } = await open({ run: loseOne });
    const { id } = await anthropic.messages.batches.create({
      requests: [
        toRequest('good'),
        toRequest('lost', { model: 'lost' }),
        toRequest('wrong', { max_tokens: 'many' }),
        toRequest('streamed', { stream: true }),
      ],
    });
    const batch = await untilMessagesEnded(anthropic, id);
    const results = await readResults(anthropic, id);

    expect(batch.request_counts).toMatchObject({ succeeded: 1, errored: 3 });
    expect(results.map(({ custom_id, result }) => [custom_id, result])).toEqual([
      ['good', expect.objectContaining({ type: 'succeeded' })],
      ['lost', toErrored('not_found_error', 'model: There is none.')],
      ['wrong', toErrored('invalid_request_error', expect.stringContaining('max_tokens'))],
      ['streamed', toErrored('invalid_request_error', expect.stringContaining('leave `stream`'))],
    ]);
  });

  test.each([
    ['no request', []],
    ['an id twice', [toRequest('a'), toRequest('a')]],
    ['an id that is none', [toRequest('a b')]],
  ])('with %s is refused at once', async (_, requests) => {
    const { anthropic } = await open();

    expect((await failureOf(anthropic.messages.batches.create({ requests }))).status).toBe(400);
    expect((await anthropic.messages.batches.list()).data).toEqual([]);
  });

  test('is cancelled; then it can be deleted, and not before', async () => {
    const started = Promise.withResolvers<void>();
    const run: Run = (request, signal) => {
      if (JSON.stringify(request.messages).includes('item-0')) return hello(request, signal);
      started.resolve();
      return held(request, signal);
    };
    const { anthropic, withKey } = await open({ run, concurrency: 1 });
    const { id } = await anthropic.messages.batches.create({
      requests: toIds(3).map((one) => toRequest(one)),
    });
    await started.promise;
    expect((await failureOf(anthropic.messages.batches.delete(id))).status).toBe(409);
    expect(await anthropic.messages.batches.cancel(id)).toMatchObject({
      processing_status: 'canceling',
      cancel_initiated_at: expect.any(String),
    });
    const batch = await untilMessagesEnded(anthropic, id);
    expect(batch.request_counts).toMatchObject({ succeeded: 1, canceled: 2 });
    const results = await readResults(anthropic, id);
    expect(results.map(({ result }) => result.type)).toEqual(['succeeded', 'canceled', 'canceled']);

    const other = await withKey();
    expect((await failureOf(other.anthropic.messages.batches.delete(id))).status).toBe(404);
    expect((await failureOf(other.anthropic.messages.batches.results(id))).status).toBe(404);
    expect(await anthropic.messages.batches.delete(id)).toEqual({
      id,
      type: 'message_batch_deleted',
    });
    expect((await failureOf(anthropic.messages.batches.retrieve(id))).status).toBe(404);
  });

  test('results are told when there are all', async () => {
    const { anthropic, app: http } = await open({ run: held });
    const { id } = await anthropic.messages.batches.create({ requests: [toRequest('a')] });
    const answer = await http.request(`/v1/messages/batches/${id}/results`, {
      headers: { 'x-api-key': 'app-key-0123456789' },
    });

    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ type: 'error' });
  });

  test('are listed page by page, forwards and backwards', async () => {
    const { anthropic } = await open();
    const made: string[] = [];
    for (const one of toIds(5)) {
      const { id } = await anthropic.messages.batches.create({ requests: [toRequest(one)] });
      made.unshift(id);
    }
    const all = await Array.fromAsync(anthropic.messages.batches.list({ limit: 2 }));
    expect(all.map(({ id }) => id)).toEqual(made);

    const page = await anthropic.messages.batches.list({ before_id: made[3] ?? '', limit: 2 });
    expect(page.data.map(({ id }) => id)).toEqual(made.slice(1, 3));
    expect(page.has_more).toBe(true);
  });

  test('an OpenAI batch is none of messages', async () => {
    const { anthropic, openai } = await open();
    const { id } = await anthropic.messages.batches.create({ requests: [toRequest('a')] });
    await untilMessagesEnded(anthropic, id);

    await expect(openai.batches.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});

import { readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { APIError, toFile } from 'openai';
import { describe, expect, test, vi } from 'vitest';

import { cannedRun, text as say } from '../dialects/canned-run.ts';
import { APP_KEY } from '../support/create-test-app.ts';
import { checkOf } from '../support/openapi-checks.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import {
  openForEach,
  type OutputLine,
  readOutput,
  startBatch,
  toChatLine,
  toChatLines,
  toFailureOf,
  toIds,
  untilEnded,
} from './batch-app.ts';

const open = openForEach();
const failureOf = toFailureOf(APIError);

/** Says what the last message of the request says. */
const echo: Run = (request) => cannedRun([say(JSON.stringify(request.messages.at(-1)?.parts[0]))]);

const failOne: Run = (request, signal) => {
  if (JSON.stringify(request.messages).includes('item-1')) {
    throw new RunError('model-not-found', 'There is no such model.');
  }
  return echo(request, signal);
};

/** Runs that go on until they are stopped, and how many there are. */
function createHeldRun() {
  const started = Promise.withResolvers<void>();
  let count = 0;
  const run: Run = async function* held(request, signal) {
    count += 1;
    if (count > 2) started.resolve();
    if (count <= 2) return yield* echo(request, signal);
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  };
  return { run, started: started.promise, count: () => count };
}

const toWrong = (more: object) => JSON.stringify({ ...toChatLine('a'), ...more });

function toSentence(response: OutputLine['response']) {
  const { error } = (response?.body ?? {}) as { error?: { message: string } }; // as OpenAI words it
  return error?.message;
}

describe('a batch', () => {
  test('of chats is answered line by line, in the words of a chat', async () => {
    const { openai } = await open({ run: echo });
    const started = await startBatch(openai, toChatLines(toIds(5)));
    expect(started).toMatchObject({ object: 'batch', status: 'validating', output_file_id: null });

    const batch = await untilEnded(openai, started.id);
    const lines = await readOutput(openai, batch.output_file_id);

    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 5, completed: 5, failed: 0 },
      error_file_id: null,
      errors: null,
    });
    expect(checkOf('OpenaiBatch')(batch)).toEqual([]);
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(toIds(5));
    expect(lines[3]).toMatchObject({ response: { status_code: 200 }, error: null });
    expect(JSON.stringify(lines[3]?.response?.body)).toContain('Say item-3.');
    expect(checkOf('ChatCompletion')(lines[3]?.response?.body)).toEqual([]);
  });

  test.each([
    ['/v1/responses', { model: 'sonnet', input: 'Hi' }, 'Response'],
    ['/v1/completions', { model: 'sonnet', prompt: 'Hi' }, 'TextCompletion'],
    ['/v1/chat/completions', { ...toChatLine('a').body, n: 2 }, 'ChatCompletion'],
  ] as const)('of %s is answered in its words', async (url, body, schema) => {
    const { openai } = await open();
    const line = JSON.stringify({ custom_id: 'a', method: 'POST', url, body });
    const { id } = await startBatch(openai, line, url);
    const { output_file_id } = await untilEnded(openai, id);
    const [answer] = await readOutput(openai, output_file_id);

    expect(checkOf(schema)(answer?.response?.body)).toEqual([]);
  });

  test('of responses keeps them, and goes on from one that is kept', async () => {
    const { openai } = await open();
    const first = await openai.responses.create({ model: 'sonnet', input: 'Hi' });
    const body = { model: 'sonnet', input: 'And?', previous_response_id: first.id };
    const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body };
    const { id } = await startBatch(openai, JSON.stringify(line), '/v1/responses');
    const { output_file_id } = await untilEnded(openai, id);
    const [answer] = await readOutput(openai, output_file_id);

    const kept = await openai.responses.retrieve(String(answer?.response?.body['id']));
    expect(kept).toMatchObject({ status: 'completed', previous_response_id: first.id });
  });

  test('one request’s failure is its own', async () => {
    const { openai } = await open({ run: failOne });
    const lines = [
      toChatLines(toIds(2)),
      JSON.stringify(toChatLine('wrong', { temperature: 'hot' })),
      JSON.stringify(toChatLine('streamed', { stream: true })),
    ];
    const { id } = await startBatch(openai, lines.join('\n'));
    const batch = await untilEnded(openai, id);

    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 4, completed: 1, failed: 3 },
    });
    expect((await readOutput(openai, batch.output_file_id)).map((one) => one.custom_id)).toEqual([
      'item-0',
    ]);
    const failed = await readOutput(openai, batch.error_file_id);
    expect(
      failed.map(({ custom_id, response }) => [
        custom_id,
        response?.status_code,
        toSentence(response),
      ]),
    ).toEqual([
      ['item-1', 404, 'There is no such model.'],
      ['wrong', 400, expect.stringContaining('temperature')],
      ['streamed', 400, expect.stringContaining('leave `stream` out')],
    ]);
  });

  test('that names an endpoint that is not batched is refused with a sentence', async () => {
    const { openai } = await open();
    const { status, message } = await failureOf(
      startBatch(openai, toChatLines(['a']), '/v1/embeddings'),
    );

    expect(status).toBe(400);
    expect(message).toContain(
      'must be one of /v1/chat/completions, /v1/responses, /v1/completions',
    );
  });

  test('of a file that is not there is a 404, and so is another key’s', async () => {
    const { openai, withKey } = await open();
    const other = await withKey();
    const { id, input_file_id } = await startBatch(openai, toChatLines(['a']));
    await untilEnded(openai, id);
    const create = (file: string) =>
      other.openai.batches.create({
        input_file_id: file,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });

    for (const asked of [
      create('file-none'),
      create(input_file_id),
      other.openai.batches.retrieve(id),
      other.openai.batches.cancel(id),
      other.openai.files.retrieve(input_file_id),
      other.openai.files.content(input_file_id),
      other.openai.files.delete(input_file_id),
    ]) {
      expect((await failureOf(asked)).status).toBe(404);
    }
    expect((await other.openai.batches.list()).data).toEqual([]);
    expect((await other.openai.files.list()).data).toEqual([]);
  });

  test('is not for keys without the scope chat', async () => {
    const { withKey } = await open();
    const { openai } = await withKey({ scopes: ['agent'] });

    expect((await failureOf(startBatch(openai, toChatLines(['a'])))).status).toBe(403);
  });
});

describe('a file whose lines are wrong', () => {
  test.each([
    ['no JSON', '{"custom_id":', 'invalid_json_line', 1],
    ['no id', toWrong({ custom_id: undefined }), 'invalid_request', 1],
    ['another method', toWrong({ method: 'GET' }), 'invalid_request', 1],
    ['another endpoint', toWrong({ url: '/v1/responses' }), 'mismatched_endpoint', 1],
    ['no body', toWrong({ body: 'x' }), 'invalid_request', 1],
    ['an id twice', `${toWrong({})}\n\n${toWrong({})}`, 'duplicate_custom_id', 3],
    ['no line', ' \n', 'empty_file', null],
  ])('%s fails the batch, and asks nothing', async (_, text, code, number) => {
    let asked = 0;
    const run: Run = (request, signal) => {
      asked += 1;
      return echo(request, signal);
    };
    const { openai } = await open({ run });
    const { id } = await startBatch(openai, text);
    const batch = await untilEnded(openai, id);

    expect(batch).toMatchObject({ status: 'failed', output_file_id: null, error_file_id: null });
    expect(batch.errors?.data).toEqual([expect.objectContaining({ code, line: number })]);
    expect(checkOf('OpenaiBatch')(batch)).toEqual([]);
    expect(asked).toBe(0);
  });

  test('a hundred wrong lines are enough', async () => {
    const { openai } = await open();
    const { id } = await startBatch(openai, 'x\n'.repeat(1000));

    expect((await untilEnded(openai, id)).errors?.data).toHaveLength(100);
  });

  test('a line longer than a body may be fails the batch', async () => {
    const { openai } = await open({ maxBodyBytes: 2000 });
    const { id } = await startBatch(openai, toChatLines(['a'], { user: 'x'.repeat(3000) }));

    expect((await untilEnded(openai, id)).status).toBe('failed');
  });
});

describe('a batch that does not come to its end', () => {
  test('is cancelled: what was answered stays, the rest is named', async () => {
    const held = createHeldRun();
    const { openai } = await open({ run: held.run, concurrency: 1 });
    const { id } = await startBatch(openai, toChatLines(toIds(5)));
    await held.started;
    expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelling' });
    const batch = await untilEnded(openai, id);

    expect(batch).toMatchObject({
      status: 'cancelled',
      request_counts: { total: 5, completed: 2, failed: 0 },
    });
    expect(await readOutput(openai, batch.output_file_id)).toHaveLength(2);
    const rest = await readOutput(openai, batch.error_file_id);
    expect(rest.map(({ custom_id, error }) => [custom_id, error?.code])).toEqual(
      ['item-2', 'item-3', 'item-4'].map((one) => [one, 'batch_cancelled']),
    );
    expect((await failureOf(openai.batches.cancel(id))).status).toBe(409);
  });

  test('expires: what was answered stays, the rest is named', async () => {
    const held = createHeldRun();
    let time = Date.now();
    const { openai } = await open({ run: held.run, concurrency: 1, now: () => time });
    const { id } = await startBatch(openai, toChatLines(toIds(4)));
    await held.started;
    time += 86_400_000;
    const batch = await untilEnded(openai, id);

    expect(batch).toMatchObject({ status: 'expired', request_counts: { completed: 2 } });
    expect(batch.expired_at).toBe(Math.floor(time / 1000));
    const rest = await readOutput(openai, batch.error_file_id);
    expect(rest.map(({ error }) => error?.code)).toEqual(['batch_expired', 'batch_expired']);
  });

  test('of a key that is revoked stops, and asks nothing more', async () => {
    const last = Promise.withResolvers<void>();
    const asked: string[] = [];
    const run: Run = async function* held(request, signal) {
      asked.push(request.caller.requestId);
      if (asked.length === 3) {
        await revoke();
        last.resolve();
      }
      yield* echo(request, signal);
    };
    const { withKey, batches } = await open({ run, concurrency: 1 });
    const { openai, keyId, revoke } = await withKey();
    const { id } = await startBatch(openai, toChatLines(toIds(8)));
    await last.promise;
    const read = () => batches.get(id, { keyId, api: 'openai' });
    await vi.waitUntil(async () => (await read()).endedAt, 20_000);

    expect(await read()).toMatchObject({
      state: 'cancelled',
      counts: { succeeded: 3, cancelled: 5 },
    });
    expect(asked).toHaveLength(3);
    expect((await failureOf(openai.batches.retrieve(id))).status).toBe(401);
  });
});

describe('files', () => {
  test('come back as they were, are listed, and are gone when deleted', async () => {
    const { openai } = await open();
    const content = `${toChatLines(['a'])}\n{"ü": "\u2028"}`;
    const file = await openai.files.create({
      file: await toFile(Buffer.from(content), 'ä sked.jsonl'),
      purpose: 'batch',
      expires_after: { anchor: 'created_at', seconds: 3600 },
    });

    expect(file).toMatchObject({
      object: 'file',
      filename: 'ä sked.jsonl',
      purpose: 'batch',
      bytes: Buffer.byteLength(content),
      expires_at: file.created_at + 3600,
    });
    expect(checkOf('OpenaiFile')(file)).toEqual([]);
    expect(await (await openai.files.content(file.id)).text()).toBe(content);
    expect(await openai.files.retrieve(file.id)).toEqual(file);
    expect((await openai.files.list({ purpose: 'batch' })).data).toEqual([file]);
    expect((await openai.files.list({ purpose: 'batch_output' })).data).toEqual([]);
    expect(await openai.files.delete(file.id)).toMatchObject({ deleted: true });
    expect((await failureOf(openai.files.retrieve(file.id))).status).toBe(404);
  });

  test('are not opened for a HEAD', async () => {
    const { app: server, openai } = await open();
    const content = toChatLines(['a']);
    const file = await openai.files.create({
      file: await toFile(Buffer.from(content), 'asked.jsonl'),
      purpose: 'batch',
    });
    const before = readdirSync('/proc/self/fd');
    for (let count = 0; count < 2; count += 1) {
      const response = await server.request(`/v1/files/${file.id}/content`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${APP_KEY}` },
      });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe(String(content.length));
    }
    // A stream that nobody reads opens its file a moment later.
    await readFile(new URL(import.meta.url));
    expect(readdirSync('/proc/self/fd')).toHaveLength(before.length);
  });

  test('whose bytes are gone from the disk break their answer, and nothing else', async () => {
    const { app: server, openai, folder } = await open();
    const file = await openai.files.create({
      file: await toFile(Buffer.from(toChatLines(['a'])), 'asked.jsonl'),
      purpose: 'batch',
    });
    await rm(join(folder, 'batch-files', file.id));
    const ask = async (method: 'GET' | 'HEAD') =>
      server.request(`/v1/files/${file.id}/content`, {
        method,
        headers: { authorization: `Bearer ${APP_KEY}` },
      });

    expect((await ask('HEAD')).status).toBe(200);
    await expect((await ask('GET')).text()).rejects.toThrow('ENOENT');
    expect(await openai.files.retrieve(file.id)).toEqual(file);
  });

  test('are listed page by page, from either end', async () => {
    const { openai } = await open();
    const made: string[] = [];
    for (const id of toIds(5)) {
      const file = await openai.files.create({
        file: await toFile(Buffer.from(id), id),
        purpose: 'batch',
      });
      made.push(file.id);
    }
    const oldest = openai.files.list({ limit: 2, order: 'asc' });
    expect((await Array.fromAsync(oldest)).map(({ id }) => id)).toEqual(made);
    const newest = openai.files.list({ limit: 2 });
    expect((await Array.fromAsync(newest)).map(({ id }) => id)).toEqual(made.toReversed());
  });

  test('for other purposes are refused, and nothing of them stays', async () => {
    const { openai } = await open();
    const file = await toFile(Buffer.from('x'), 'x.jsonl');
    const { status, message } = await failureOf(openai.files.create({ file, purpose: 'vision' }));

    expect(status).toBe(400);
    expect(message).toContain('purpose: only `batch` is kept here');
    expect((await openai.files.list()).data).toEqual([]);
  });

  test('deleted while a batch of them runs leave it what it read', async () => {
    const { openai } = await open();
    const { id, input_file_id, ...batch } = await startBatch(openai, toChatLines(toIds(3)));
    expect(batch.status).toBe('validating');
    await untilEnded(openai, id);
    await openai.files.delete(input_file_id);

    const { output_file_id } = await openai.batches.retrieve(id);
    expect(await readOutput(openai, output_file_id)).toHaveLength(3);
  });

  test('of answers, when deleted, take them along', async () => {
    const { openai, batches } = await open();
    const { id } = await startBatch(openai, toChatLines(toIds(3)));
    const { output_file_id } = await untilEnded(openai, id);
    await openai.files.delete(String(output_file_id));

    expect(await Array.fromAsync(batches.readLines(id, ['succeeded']))).toEqual([]);
    expect((await failureOf(openai.files.content(String(output_file_id)))).status).toBe(404);
    expect((await openai.batches.retrieve(id)).request_counts?.completed).toBe(3);
  });
});

import { describe, expect, test, vi } from 'vitest';

import { cannedRun, text } from '../dialects/canned-run.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import {
  openBatchApp,
  openForEach,
  readOutput,
  startBatch,
  toChatLine,
  toChatLines,
  toIds,
  untilEnded,
} from './batch-app.ts';

const open = openForEach();

const hello: Run = () => cannedRun([text('Hello.')]);

describe('the place of a batch', () => {
  test('is behind everything else of its key', async () => {
    const order: string[] = [];
    const opened = Promise.withResolvers<void>();
    const run: Run = async function* noted(request, signal) {
      order.push(JSON.stringify(request.messages).includes('item') ? 'batch' : 'now');
      await opened.promise;
      yield* hello(request, signal);
    };
    const { openai, gate } = await open({ run, concurrency: 1 });
    const { id } = await startBatch(openai, toChatLines(toIds(3)));
    await vi.waitUntil(() => order.length === 1, 20_000);
    const asked = Array.from({ length: 3 }, () =>
      openai.chat.completions.create({ ...toChatLine('a').body, model: 'opus' } as never),
    );
    await vi.waitUntil(() => gate.counts().waiting === 3, 20_000);
    opened.resolve();
    await Promise.all(asked);
    await untilEnded(openai, id);

    expect(order).toEqual(['batch', 'now', 'now', 'now', 'batch', 'batch']);
  });

  test('counts for its key only while it runs, and leaves one for everything else', async () => {
    let most = 0;
    let running = 0;
    const run: Run = async function* counted(request, signal) {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      yield* hello(request, signal);
    };
    const { withKey } = await open({ run, concurrency: 4, mostAtOnce: () => Promise.resolve(2) });
    const { openai } = await withKey({ runningAtOnce: 3 });
    const { id } = await startBatch(openai, toChatLines(toIds(12)));
    const batch = await untilEnded(openai, id);

    expect(batch.request_counts).toEqual({ total: 12, completed: 12, failed: 0 });
    expect(most).toBe(2);
  });
});

describe('what passes', () => {
  test('is waited for: a limit of the key is no failure of a request', async () => {
    let time = Date.now();
    const { withKey } = await open({ run: hello, concurrency: 1, now: () => (time += 200) });
    const { openai } = await withKey({ requestsPerMinute: 2 });
    const { id } = await startBatch(openai, toChatLines(toIds(5)));
    await vi.waitUntil(async () => {
      const { request_counts } = await openai.batches.retrieve(id);
      return request_counts?.completed === 2;
    }, 20_000);
    expect(await openai.batches.retrieve(id)).toMatchObject({
      status: 'in_progress',
      request_counts: { total: 5, completed: 2, failed: 0 },
    });
  });

  test('is asked again: an overloaded API, a login that is gone', async () => {
    let asked = 0;
    let time = Date.now();
    const run: Run = (request, signal) => {
      asked += 1;
      if (asked === 2) throw new RunError('overloaded', 'Later.');
      if (asked === 3) throw new RunError('not-logged-in', 'Log in.');
      return hello(request, signal);
    };
    const { openai } = await open({ run, concurrency: 1, now: () => (time += 20_000) });
    const { id } = await startBatch(openai, toChatLines(toIds(2)));

    expect(await untilEnded(openai, id)).toMatchObject({
      status: 'completed',
      request_counts: { completed: 2, failed: 0 },
    });
    expect(asked).toBe(4);
  });
});

describe('what a key may have', () => {
  test('requests: a further batch gets a 429, one that is too long fails', async () => {
    const { openai } = await open({ run: hello, settings: { MAX_BATCH_REQUESTS_PER_KEY: '10' } });
    const { id } = await startBatch(openai, toChatLines(toIds(11)));
    const batch = await untilEnded(openai, id);

    expect(batch.status).toBe('failed');
    expect(batch.errors?.data?.[0]?.message).toContain('MAX_BATCH_REQUESTS_PER_KEY');
  });

  test('bytes: what ended first makes room', async () => {
    const { openai } = await open({ run: hello, settings: { MAX_BATCH_BYTES_PER_KEY: '12000' } });
    const made: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const { id } = await startBatch(openai, toChatLines([name], { user: 'x'.repeat(1500) }));
      await untilEnded(openai, id);
      made.push(id);
    }
    const listed = (await openai.batches.list()).data.map(({ id }) => id);

    expect(listed[0]).toBe(made[3]);
    expect(listed).not.toContain(made[0]);
  });

  test('bytes: a file that is larger than all of it is a 413, and nothing of it stays', async () => {
    const { openai } = await open({ settings: { MAX_BATCH_BYTES_PER_KEY: '5000' } });

    await expect(startBatch(openai, 'x'.repeat(6000))).rejects.toMatchObject({ status: 413 });
    expect((await openai.files.list()).data).toEqual([]);
  });

  test('bytes: a file that is larger than a file may be is a 413', async () => {
    const { openai } = await open({ settings: { MAX_FILE_BYTES: '5000' } });

    await expect(startBatch(openai, 'x'.repeat(6000))).rejects.toMatchObject({ status: 413 });
  });

  test('time: an old batch, its answers and its file are gone', async () => {
    let time = Date.now();
    const { openai, batches } = await open({ run: hello, now: () => time });
    const { id, input_file_id } = await startBatch(openai, toChatLines(toIds(2)));
    const { output_file_id } = await untilEnded(openai, id);
    time += 2_592_000_000;
    await batches.removeExpired();

    for (const gone of [
      openai.batches.retrieve(id),
      openai.files.retrieve(input_file_id),
      openai.files.retrieve(String(output_file_id)),
    ]) {
      await expect(gone).rejects.toMatchObject({ status: 404 });
    }
  });
});

describe('a thousand requests', () => {
  test('each have one answer, though the server ends in the middle', async () => {
    let asked = 0;
    const half = Promise.withResolvers<void>();
    const run: Run = (request, signal) => {
      asked += 1;
      if (asked === 500) half.resolve();
      return hello(request, signal);
    };
    const { openai, batches, folder } = await open({ run });
    const { id } = await startBatch(openai, toChatLines(toIds(1000)));
    await half.promise;
    await batches.close();
    const next = await openBatchApp({ run, folder });
    const batch = await untilEnded(next.openai, id);
    const lines = await readOutput(next.openai, batch.output_file_id);
    await next.close();

    expect(batch.request_counts).toEqual({ total: 1000, completed: 1000, failed: 0 });
    expect(lines.map(({ custom_id }) => custom_id)).toEqual(toIds(1000));
    expect(asked).toBeGreaterThanOrEqual(1000);
    expect(asked).toBeLessThanOrEqual(1004); // what was under way
  });

  test('are carried out by one of two servers on a folder', async () => {
    let asked = 0;
    const run: Run = (request, signal) => {
      asked += 1;
      return hello(request, signal);
    };
    const { openai, folder } = await open({ run });
    const second = await openBatchApp({ run, folder, isAlone: false });
    const { id } = await startBatch(openai, toChatLines(toIds(100)));
    await untilEnded(second.openai, id);
    await second.close();

    expect(asked).toBe(100);
  });
});

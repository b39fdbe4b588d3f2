import { expect, test, vi } from 'vitest';

import type { BatchKind } from '../../src/batches/batch-kind.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { createBatchRunner } from '../../src/batches/runner.ts';

const BATCH = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/', details: {} } as const;

test('a batch that was filled just after the list was read is not filled again', async () => {
  const store = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1000 });
  const read = async () => store.batches.read(BATCH.id);
  const input = Promise.withResolvers<void>();
  const fill = vi.fn<NonNullable<BatchKind['fill']>>(async (_, add) => {
    await input.promise;
    await add([{ customId: 'one', body: '{}' }]);
    return [];
  });
  const kind: BatchKind = {
    fill,
    begin: () => ({
      answer: async () => ({ outcome: 'succeeded', line: '{}' }),
      toFailed: String,
    }),
    toUnanswered: (_, outcome) => outcome,
    hasFiles: false,
  };
  const problems: unknown[] = [];
  const takeLead = async () => {
    if (fill.mock.calls.length === 0) return true;
    input.resolve(); // the list has been read, and says that the batch is to be filled
    await vi.waitUntil(async () => (await read())?.startedAt, 20_000);
    return true;
  };
  const runner = createBatchRunner({
    store,
    takeLead,
    lookMs: 60_000,
    room: { make: () => Promise.resolve() },
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(1),
    itemTimeoutMs: 60_000,
    ttlMs: 60_000,
    maxWaitingPerKey: 10,
    now: () => 1,
    onProblem: (error) => problems.push(error),
  });
  runner.start({ openai: kind, anthropic: kind });
  await vi.waitUntil(() => fill.mock.calls.length > 0);
  runner.wake();
  await vi.waitUntil(async () => (await read())?.endedAt, 20_000);
  await runner.close(new Error('The server stops.'));

  expect(problems).toEqual([]);
  expect(fill).toHaveBeenCalledTimes(1);
  expect(await read()).toMatchObject({ state: 'completed', counts: { total: 1, succeeded: 1 } });
});

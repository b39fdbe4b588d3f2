import { setImmediate } from 'node:timers/promises';

import { afterEach, expect, test, vi } from 'vitest';

import type { BatchProblem } from '../../src/batch.ts';
import type { BatchKind } from '../../src/batches/batch-kind.ts';
import type { BatchStore } from '../../src/batches/batch-tables.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { type BatchRunner, createBatchRunner } from '../../src/batches/runner.ts';
import { RunError } from '../../src/run-error.ts';

const BATCH = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/', details: {} } as const;

let runner: BatchRunner;
afterEach(() => runner.close(new RunError('shutting-down', 'The server stops.')));

type Write = 'begin' | 'cancel' | 'end';

/** Begins with one batch on a disk that takes one kind of write only when there is room. */
async function open(write: Write, problems: readonly BatchProblem[]) {
  const store = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1000 });
  const disk = { isFull: true, failures: 0 };
  const tryWrite = async (...values: never[]) => {
    // Tried again without end, it would keep this test from failing.
    if (disk.isFull && disk.failures < 1000) {
      throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
    }
    await (store.batches[write] as (...values: never[]) => Promise<void>)(...values);
  };
  const tried: BatchStore = { ...store, batches: { ...store.batches, [write]: tryWrite } };
  runner = createBatchRunner({
    store: tried,
    room: { make: () => Promise.resolve() },
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(1),
    takeLead: () => true,
    itemTimeoutMs: 60_000,
    ttlMs: 60_000,
    maxWaitingPerKey: 10,
    now: () => 1,
    lookMs: 3_600_000, // it looks when the test says so
    onProblem: () => void (disk.failures += 1),
  });
  const kind = toKind(problems);
  runner.start({ openai: kind, anthropic: kind });
  return { store, disk };
}

/** One request, whose key is revoked. */
function toKind(problems: readonly BatchProblem[]): BatchKind {
  return {
    fill: async (_batch, add) => {
      await add([{ customId: 'one', body: '{}' }]);
      return problems;
    },
    begin: () => ({
      answer: () => Promise.reject(new RunError('unauthenticated', 'The key is revoked.')),
      toFailed: ({ message }) => message,
    }),
    toUnanswered: (_item, outcome) => outcome,
    hasFiles: false,
  };
}

const WRONG = [{ code: 'invalid', message: 'Line 1 is no JSON.' }];

test.each<{ write: Write; problems: readonly BatchProblem[]; state: string }>([
  { write: 'begin', problems: [], state: 'cancelled' },
  { write: 'cancel', problems: [], state: 'cancelled' },
  { write: 'end', problems: [], state: 'cancelled' },
  { write: 'end', problems: WRONG, state: 'failed' },
])('a disk that does not take the $write of a batch ($state) is tried once a look', async (row) => {
  const { store, disk } = await open(row.write, row.problems);
  await vi.waitUntil(() => disk.failures > 0, 20_000);
  await setImmediate();
  expect(disk.failures).toBe(1);

  disk.isFull = false;
  runner.wake();
  await vi.waitUntil(async () => (await store.batches.read(BATCH.id))?.state === row.state, 20_000);
});

import { expect, test } from 'vitest';

import type { BatchProblem } from '../../src/batch.ts';
import type { BatchKind } from '../../src/batches/batch-kind.ts';
import { carryOn } from '../../src/batches/carry-on.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { createTasks } from '../../src/batches/tasks.ts';

const BATCH = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/', details: {} } as const;

/** Begins to carry a batch out, and resolves when there is nothing more to be done for it. */
async function carryOut(fill: BatchKind['fill']) {
  const store = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1000 });
  const [batch] = await store.batches.listUnfinished();
  if (!batch) throw new Error('The batch is not there.');
  const problems: unknown[] = [];
  const tasks = createTasks((error) => problems.push(error));
  const task = tasks.of(batch);
  const kind = {
    begin: () => ({ answer: () => Promise.reject(new Error('not asked')), toFailed: String }),
    toUnanswered: (_item: unknown, outcome: string) => outcome,
    hasFiles: false,
    ...(fill && { fill }),
  };
  await carryOn(batch, {
    store,
    tasks,
    alone: (work) => work(),
    kinds: { openai: kind, anthropic: kind },
    room: { make: () => Promise.resolve() },
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(1),
    pausedUntil: new Map(),
    itemTimeoutMs: 60_000,
    ttlMs: 60_000,
    maxWaitingPerKey: 10,
    closing: new AbortController().signal,
    now: () => 1,
    wake: () => undefined,
    onProblem: (error) => problems.push(error),
  });
  await tasks.settle();
  expect(problems).toEqual([]);
  return { isKnown: tasks.of(batch) === task, state: (await store.batches.read(BATCH.id))?.state };
}

const WRONG: readonly BatchProblem[] = [{ code: 'invalid', message: 'Line 1 is no JSON.' }];

test.each([
  { what: 'failed', fill: () => Promise.resolve(WRONG), state: 'failed' },
  { what: 'is filled by whoever makes it', fill: undefined, state: 'filling' },
])('nothing is remembered of a batch that $what', async ({ fill, state }) => {
  expect(await carryOut(fill)).toEqual({ isKnown: false, state });
});

import { afterEach, expect, test, vi } from 'vitest';

import type { BatchKind } from '../../src/batches/batch-kind.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { type BatchRunner, createBatchRunner } from '../../src/batches/runner.ts';

/** What becomes of the requests of batches when those who carry them out are lost, or are not it any more. */

const BATCH = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/', details: {} } as const;
const IDS = ['fatal', 'suspect 1', 'suspect 2', 'innocent 1', 'innocent 2'];

const runners: BatchRunner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.close(new Error('The test is over.'));
});

/** A runner of one batch; it asks with this, and carries it out while `takeLead` says so. */
async function openRunner(
  answer: (customId: string, signal: AbortSignal) => Promise<void>,
  takeLead: () => boolean = () => true,
) {
  const store = openBatchStore({ file: ':memory:', onSetAside: () => undefined });
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1000 });
  await store.items.add(
    BATCH.id,
    IDS.map((customId) => ({ customId, body: '{}' })),
    0,
  );
  await store.batches.begin(BATCH.id, 1);
  const kind: BatchKind = {
    begin: (_batch, { customId }) => ({
      async answer(signal) {
        await answer(customId, signal);
        return { outcome: 'succeeded', line: customId };
      },
      toFailed: ({ message }) => `${customId}: ${message}`,
    }),
    toUnanswered: (_item, outcome) => outcome,
    hasFiles: false,
  };
  const runner = createBatchRunner({
    store,
    takeLead,
    lookMs: 20,
    room: { make: () => Promise.resolve() },
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(5),
    itemTimeoutMs: 60_000,
    ttlMs: 60_000,
    maxWaitingPerKey: 10,
    now: () => 1,
    onProblem: () => undefined,
  });
  runners.push(runner);
  const start = () => runner.start({ openai: kind, anthropic: kind });
  const untilEnded = () =>
    vi.waitFor(
      async () => expect((await store.batches.read(BATCH.id))?.state).toBe('completed'),
      20_000,
    );
  return { store, start, untilEnded };
}

test('a request with which three servers were lost has failed, and those with which two were are asked one at a time', async () => {
  const [asked, together]: [string[], Set<string>] = [[], new Set()];
  const underWay = new Set<string>();
  const { store, start, untilEnded } = await openRunner(async (customId) => {
    asked.push(customId);
    underWay.add(customId);
    await new Promise((resolve) => setImmediate(resolve));
    const suspects = [...underWay].filter((id) => id.startsWith('suspect'));
    if (suspects.length > 1) together.add(customId);
    underWay.delete(customId);
  });
  for (const [number, count] of [3, 2, 2, 1, 0].entries()) {
    for (let index = 0; index < count; index += 1) await store.items.begin(BATCH.id, number);
  }
  start();
  await untilEnded();
  expect(asked.toSorted()).toEqual(IDS.slice(1).toSorted());
  expect([...together]).toEqual([]);
  expect(await store.items.listLines(BATCH.id, ['errored'], -1)).toEqual([
    { number: 0, line: expect.stringContaining('fatal: 3 servers were lost') },
  ]);
});

test('what is asked is stopped when another server has the lead, and asked again when this one has it', async () => {
  let hasLead = true;
  let asked = 0;
  const reasons: unknown[] = [];
  const { store, start, untilEnded } = await openRunner(
    async (_customId, signal) => {
      asked += 1;
      if (asked > IDS.length) return;
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }).catch((error: unknown) => {
        reasons.push(error);
        throw error;
      });
    },
    () => hasLead,
  );
  start();
  await vi.waitFor(() => expect(asked).toBe(5), 20_000);
  hasLead = false;
  await vi.waitFor(() => expect(reasons).toHaveLength(5), 20_000);
  expect(String(reasons[0])).toContain('Another server carries the batches out.');
  await vi.waitFor(async () => expect(await store.items.countBegun(BATCH.id, 0)).toBe(0), 20_000);
  expect(asked).toBe(5);
  hasLead = true;
  await untilEnded();
  expect(asked).toBe(10);
});

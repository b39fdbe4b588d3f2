import { afterEach, expect, test, vi } from 'vitest';

import type { BatchKind } from '../../src/batches/batch-kind.ts';
import { openBatchStore } from '../../src/batches/open-store.ts';
import { type BatchRunner, createBatchRunner } from '../../src/batches/runner.ts';
import { RunError } from '../../src/run-error.ts';

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
  const { settle, leave } = store.items;
  const takes = { settle: true, leave: true };
  const items: typeof store.items = {
    ...store.items,
    settle: (...values) => (takes.settle ? settle(...values) : refuse()),
    leave: (...values) => (takes.leave ? leave(...values) : refuse()),
  };
  const problems: unknown[] = [];
  const runner = createBatchRunner({
    store: { ...store, items },
    takeLead,
    lookMs: 20,
    room: { make: () => Promise.resolve() },
    enter: () => Promise.resolve(() => undefined),
    mostAtOnce: () => Promise.resolve(5),
    itemTimeoutMs: 60_000,
    ttlMs: 60_000,
    maxWaitingPerKey: 10,
    now: () => 1,
    onProblem: (error) => void problems.push(error),
  });
  runners.push(runner);
  const start = () => runner.start({ openai: kind, anthropic: kind });
  const untilEnded = () =>
    vi.waitFor(
      async () => expect((await store.batches.read(BATCH.id))?.state).toBe('completed'),
      20_000,
    );
  return { store, start, untilEnded, takes, problems };
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

test('what is asked is stopped when another server has ended all batches', async () => {
  let reason: unknown;
  const { store, start } = await openRunner(
    (_customId, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject((reason = signal.reason)), { once: true });
      }),
  );
  start();
  await vi.waitFor(async () => expect(await store.items.countBegun(BATCH.id, 4)).toBe(1), 20_000);
  await store.batches.end(BATCH.id, {
    state: 'completed',
    endedAt: 1,
    problems: [],
    outputFileId: undefined,
    errorFileId: undefined,
  });
  await vi.waitFor(() => expect(String(reason)).toContain('Another server carries'), 20_000);
});

test('an answer that is not taken is not kept any more when another server has the lead', async () => {
  let hasLead = true;
  let [asked, refused] = [0, 0];
  const { start, untilEnded, takes, problems } = await openRunner(
    async () => void (asked += 1),
    () => {
      if (!hasLead) refused += 1;
      return hasLead;
    },
  );
  takes.settle = false;
  start();
  await vi.waitFor(() => expect(problems).toHaveLength(IDS.length), 20_000);
  hasLead = false;
  takes.settle = true;
  await vi.waitFor(() => expect(refused).toBeGreaterThan(1), 20_000);
  hasLead = true;
  await untilEnded();
  expect(asked).toBe(2 * IDS.length);
});

test('a request that is to be asked later was lost with no server, though that could not be noted at once', async () => {
  const { store, start, takes, problems } = await openRunner(() =>
    Promise.reject(new RunError('queue-timeout', 'No worker is there.')),
  );
  takes.leave = false;
  start();
  await vi.waitFor(() => expect(problems).toHaveLength(IDS.length), 20_000);
  takes.leave = true;
  await vi.waitFor(async () => {
    for (const number of IDS.keys()) expect(await store.items.countBegun(BATCH.id, number)).toBe(0);
  }, 20_000);
});

function refuse() {
  return Promise.reject(new Error('Redis does not take it.'));
}

import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { openSharedBatchStore } from '../../src/batches/shared/open-shared-store.ts';
import { createSharedLead } from '../../src/batches/shared/shared-lead.ts';
import { createSharedUploads } from '../../src/batches/shared/shared-uploads.ts';
import { openSharedState } from '../../src/cluster/open-shared-state.ts';
import { describeBatchStore } from '../batches/store-suite.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const SECRET = 'a-secret-of-this-cluster-0123456789';
const BATCH = { id: 'batch_1', keyId: 'a', api: 'openai', endpoint: '/' } as const;
const TTL_MS = 60_000;

let redis: RedisServer;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await startRedis({ rdbcompression: 'no' }); // so that a word would be found in a dump
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(() => redis.stop());

async function open(prefix: string = randomUUID()) {
  const shared = await openSharedState({ redisUrl: redis.url, secret: SECRET, prefix, onProblem });
  ends.push(shared.end);
  return shared;
}

describeBatchStore(async () => openSharedBatchStore({ shared: await open(), ttlMs: TTL_MS }));

test('nothing of a batch or a file can be read in Redis, and all of it goes by itself', async () => {
  const prefix = randomUUID();
  const shared = await open(prefix);
  const store = openSharedBatchStore({ shared, ttlMs: TTL_MS });
  const hidden = 'a word that nobody may find';
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1, details: { hidden } });
  const items = ['one', 'two'].map((customId) => ({ customId, body: hidden }));
  await store.items.add('batch_1', items, 0);
  await store.items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line: hidden }]);
  const made = { outputFileId: hidden, errorFileId: undefined };
  await store.batches.end('batch_1', { state: 'completed', endedAt: 1, ...made });
  const uploads = createSharedUploads({ shared, ttlMs: TTL_MS });
  await uploads.write('file-1', toPieces([Buffer.from(hidden)]));
  for (const key of (await redis.client.keys(`${prefix}:state:*`)).filter(isText)) {
    expect(await redis.client.pttl(key)).toBeGreaterThan(0);
    expect(String(await redis.client.dumpBuffer(key))).not.toContain('nobody may find');
  }
});

test('a file of any bytes is read as it was written; half of one is not there', async () => {
  const uploads = createSharedUploads({ shared: await open(), ttlMs: TTL_MS });
  const bytes = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 7) % 256));
  await uploads.write('file-1', toPieces([bytes.subarray(0, 10), bytes.subarray(10)]));
  const pieces = await Array.fromAsync(uploads.read('file-1'));
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  async function* half() {
    yield bytes;
    throw new Error('gone');
  }
  await expect(uploads.write('file-2', half())).rejects.toThrow('gone');
  await expect(Array.fromAsync(uploads.read('file-2'))).rejects.toThrow('not there any more');
  await uploads.write('file-3', toPieces([]));
  expect(await Array.fromAsync(uploads.read('file-3'))).toEqual([]);
});

test('a file that is removed while it is read does not end early', async () => {
  const uploads = createSharedUploads({ shared: await open(), ttlMs: TTL_MS });
  await uploads.write('file-1', toPieces([Buffer.alloc(300_000), Buffer.alloc(300_000)]));
  const reading = uploads.read('file-1')[Symbol.asyncIterator]();
  expect(await reading.next()).toMatchObject({ done: false });
  await uploads.remove('file-1');
  await expect(reading.next()).rejects.toMatchObject({ code: 'not-found' });
});

test('one server carries batches out; what an earlier one does after its time is refused', async () => {
  const prefix = randomUUID();
  const [one, other] = [await open(prefix), await open(prefix)];
  const parts = { leaseMs: 2000, onProblem };
  const [first, second] = [
    createSharedLead({ shared: one, server: 'one', ...parts }),
    createSharedLead({ shared: other, server: 'other', ...parts }),
  ];
  ends.push(
    () => second.leave(),
    () => first.leave(),
  );
  const store = openSharedBatchStore({ shared: await open(prefix), ttlMs: TTL_MS, lead: 'one' });
  expect([await first.take(), await second.take(), await first.take()]).toEqual([
    true,
    false,
    true,
  ]);
  await store.batches.add({ ...BATCH, createdAt: 0, expiresAt: 1, details: {} });
  await store.items.add('batch_1', [{ customId: 'one', body: '{}' }], 0);
  one.end();
  await vi.waitFor(async () => expect(await second.take()).toBe(true), { timeout: 20_000 });
  await expect(store.batches.begin('batch_1', 2)).rejects.toThrow('NOTLEAD');
  await expect(store.items.removeSome('batch_1')).rejects.toThrow('NOTLEAD');
  await expect(store.items.begin('batch_1', 0)).rejects.toThrow('NOTLEAD');
  await store.items.settle('batch_1', [{ number: 0, outcome: 'succeeded', line: 'paid for' }]);
  const all = openSharedBatchStore({ shared: other, ttlMs: TTL_MS });
  expect(await all.items.listLines('batch_1', ['succeeded'], -1)).toHaveLength(1);
  expect(await all.batches.read('batch_1')).toMatchObject({ state: 'filling' });
});

test('who leaves the lead does not take it again with what was asked before', async () => {
  const shared = await open();
  // Redis knows the script then, and does it at once.
  await createSharedLead({ shared, server: 'other', leaseMs: 300, onProblem }).leave();
  const held = Promise.withResolvers<void>();
  let isHeld = false;
  let waiting = 0;
  const lead = createSharedLead({
    shared: {
      ...shared,
      async run(...asked) {
        if (isHeld && asked[0].includes('PX')) {
          waiting += 1;
          await held.promise;
        }
        return shared.run(...asked);
      },
    },
    server: 'one',
    leaseMs: 300,
    onProblem,
  });
  expect(await lead.take()).toBe(true);
  isHeld = true;
  await vi.waitFor(() => expect(waiting).toBe(1), { timeout: 20_000 });
  const leaving = lead.leave();
  held.resolve();
  await leaving;
  expect(await lead.take()).toBe(false);
  expect(await redis.client.exists(shared.toKey('batches', 'lead'))).toBe(0);
});

/** The counters that order entries stay: there is one for each table. */
function isText(key: string) {
  return !key.endsWith(':number');
}

async function* toPieces(pieces: readonly Uint8Array[]) {
  yield* pieces;
}

function onProblem(): void {}

import { setImmediate } from 'node:timers/promises';

import type { Batch, ItemOutcome } from '../batch.ts';
import { RunError } from '../run-error.ts';
import type { AddItems, NewItem } from './batch-kind.ts';
import type { BatchStore, NewBatch, Page } from './batch-tables.ts';
import { toAddItems, type FillParts } from './fill-batch.ts';
import type { Room } from './room.ts';

/** Whose batches, and of which API. Another key's batch is the same as none. */
export type Owner = Pick<Batch, 'keyId' | 'api'>;

export type BatchBook = {
  /** Makes a batch that waits for its requests. Throws `queue-full` when the key has too many already. */
  create: (batch: Omit<NewBatch, 'createdAt' | 'expiresAt'>) => Promise<Batch>;
  /** The same with its requests. Throws `request-too-large`, too. */
  createWith: (
    batch: Omit<NewBatch, 'createdAt' | 'expiresAt'>,
    items: Iterable<NewItem>,
  ) => Promise<Batch>;
  /** Throws `not-found`. */
  get: (id: string, owner: Owner) => Promise<Batch>;
  /** The newest first. */
  list: (owner: Owner, page: Page) => Promise<readonly Batch[]>;
  /** Begins to end it. Throws `conflict` for one that has ended. */
  cancel: (id: string, owner: Owner) => Promise<Batch>;
  /** Throws `conflict` for one that goes on. */
  remove: (id: string, owner: Owner) => Promise<void>;
  /** The lines of the answers with these outcomes, in the order of the requests. */
  readLines: (id: string, outcomes: readonly ItemOutcome[]) => AsyncIterable<string>;
  /** How long they are together. */
  countBytes: (id: string, outcomes: readonly ItemOutcome[]) => Promise<number>;
};

export type BatchBookOptions = FillParts & {
  room: Pick<Room, 'make' | 'removeBatch'>;
  /** Longest time of a batch, in milliseconds. */
  windowMs: number;
  now: () => number;
  /** Told when there is something to be done. */
  wake: () => void;
};

/** Requests taken in at once, and how long they are. */
const [SLICE_ITEMS, SLICE_CHARACTERS] = [200, 1_000_000];

/** Makes the book of the batches: who owns which, and how it stands. */
export function createBatchBook(options: BatchBookOptions): BatchBook {
  const { store, room, now, wake } = options;
  const create = toCreate(options);

  const get: BatchBook['get'] = async (id, { keyId, api }) => {
    const batch = await store.batches.read(id);
    if (batch?.keyId === keyId && batch.api === api) return batch;
    throw new RunError('not-found', 'There is no batch with this id.', { param: 'batch_id' });
  };

  return {
    get,
    async create(batch) {
      await create(batch);
      wake();
      return get(batch.id, batch);
    },
    async createWith(batch, items) {
      await create(batch);
      try {
        await addSlices(items, toAddItems(batch, options));
        await store.batches.begin(batch.id, now());
      } catch (error) {
        await room.removeBatch(batch.id);
        throw error;
      }
      wake();
      return get(batch.id, batch);
    },
    list: (owner, page) => store.batches.list(owner, page),
    async cancel(id, owner) {
      if ((await get(id, owner)).endedAt !== undefined) {
        throw new RunError('conflict', 'The batch has ended.', { param: 'batch_id' });
      }
      await store.batches.cancel(id, now());
      wake();
      return get(id, owner);
    },
    async remove(id, owner) {
      if ((await get(id, owner)).endedAt === undefined) {
        throw new RunError('conflict', 'The batch goes on; cancel it first.', {
          param: 'batch_id',
        });
      }
      await room.removeBatch(id);
    },
    countBytes: store.items.countBytes,
    readLines: (id, outcomes) => readLines(store, id, outcomes),
  };
}

function toCreate({ store, maxWaitingPerKey, windowMs, now }: BatchBookOptions) {
  return async (batch: Omit<NewBatch, 'createdAt' | 'expiresAt'>) => {
    if ((await store.batches.countWaiting(batch.keyId)) >= maxWaitingPerKey) {
      throw new RunError(
        'queue-full',
        'Too many requests of this key’s batches wait for their answers already (MAX_BATCH_REQUESTS_PER_KEY).',
      );
    }
    await store.batches.add({ ...batch, createdAt: now(), expiresAt: now() + windowMs });
  };
}

async function* readLines(
  { items }: Pick<BatchStore, 'items'>,
  id: string,
  outcomes: readonly ItemOutcome[],
) {
  for (let after = -1; ;) {
    const lines = await items.listLines(id, outcomes, after);
    for (const { line } of lines) yield `${line}\n`;
    const last = lines.at(-1);
    if (!last) return;
    after = last.number;
    await setImmediate();
  }
}

/** However many there are, nobody else waits for them. */
async function addSlices(items: Iterable<NewItem>, add: AddItems) {
  let slice: NewItem[] = [];
  let length = 0;
  for (const item of items) {
    slice.push(item);
    length += item.body.length;
    if (slice.length < SLICE_ITEMS && length < SLICE_CHARACTERS) continue;
    await add(slice);
    await setImmediate();
    slice = [];
    length = 0;
  }
  if (slice.length > 0) await add(slice);
}

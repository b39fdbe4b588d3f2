import type { ItemOutcome } from '../../batch.ts';
import type { BatchItem, ItemTable } from '../batch-tables.ts';
import type { BatchScripts } from './open-shared-store.ts';
import * as scripts from './scripts.ts';

type Asked = Omit<BatchItem, 'number'>;

/** Requests read, or removed, at once: more would hold others up. */
const SLICE = 200;

/** Lines read at once. */
const PAGE = 20;

/** The requests of batches, and their answers, in Redis. */
export function createSharedItems(parts: BatchScripts): ItemTable {
  return { ...createRequests(parts), ...createAnswers(parts) };
}

function createRequests(parts: BatchScripts) {
  const { root, run, ask, encrypt, decrypt, ttlMs } = parts;
  const sealOverhead = encrypt('', '').length;
  const openAsked = (batchId: string, number: number, sealed: Buffer): BatchItem => ({
    number,
    ...(JSON.parse(decrypt(sealed, toPlace(batchId, number, 'asked'))) as Asked), // as `add` wrote it
  });
  const listWaiting: ItemTable['listWaiting'] = async (batchId, most) => {
    if (most <= 0) return [];
    const key = `${root}:waiting:${batchId}`;
    return (await ask((redis) => redis.zrange(key, '0', String(most - 1)))).map(Number);
  };

  return {
    async add(batchId, added, first) {
      const values = added.flatMap((asked, index) => {
        const number = first + index;
        return [number, encrypt(JSON.stringify(asked), toPlace(batchId, number, 'asked'))];
      });
      await run(scripts.ADD_ITEMS, batchId, ttlMs, ...values);
    },
    async countBegun(batchId, number) {
      const key = `${root}:begun:${batchId}`;
      return Number((await ask((redis) => redis.hget(key, String(number)))) ?? 0);
    },
    async begin(batchId, number) {
      await run(scripts.BEGIN_ITEM, batchId, number, ttlMs);
      const key = `${root}:asked:${batchId}`;
      const sealed = await ask((redis) => redis.hgetBuffer(key, String(number)));
      return sealed ? openAsked(batchId, number, sealed) : undefined;
    },
    leave: async (batchId, number) => void (await run(scripts.LEAVE_ITEM, batchId, number)),
    listWaiting,
    async listUnanswered(batchId) {
      const numbers = await listWaiting(batchId, SLICE);
      const found = await readMany(parts, `${root}:asked:${batchId}`, numbers);
      return found.map(({ number, sealed }) => ({
        ...openAsked(batchId, number, sealed),
        body: '',
      }));
    },
    async removeSome(batchId, outcomes = []) {
      const removed = await run(scripts.REMOVE_SOME, batchId, SLICE, sealOverhead, ...outcomes);
      return Number(removed) > 0;
    },
    resetTotal: async (batchId) => void (await run(scripts.RESET_TOTAL, batchId)),
  } satisfies Partial<ItemTable>;
}

function createAnswers(parts: BatchScripts) {
  const { root, runUnfenced, ask, encrypt, decrypt, ttlMs } = parts;
  const listDone = (batchId: string, outcome: ItemOutcome, after: number) =>
    ask((redis) => {
      const key = `${root}:done:${batchId}:${outcome}`;
      return redis.zrangebyscore(key, `(${after}`, '+inf', 'LIMIT', 0, PAGE);
    });

  return {
    async settle(batchId, settled) {
      const values = settled.flatMap(({ number, outcome, line }) => [
        number,
        outcome,
        encrypt(line, toPlace(batchId, number, 'line')),
        Buffer.byteLength(line) + 1,
      ]);
      // An answer is paid for, whoever got it.
      await runUnfenced(scripts.SETTLE, batchId, ttlMs, ...values);
    },
    async listLines(batchId, outcomes, after) {
      const lists = outcomes.map((outcome) => listDone(batchId, outcome, after));
      const all = (await Promise.all(lists)).flat().map(Number);
      const numbers = all.toSorted(byNumber).slice(0, PAGE);
      const found = await readMany(parts, `${root}:line:${batchId}`, numbers);
      return found.map(({ number, sealed }) => ({
        number,
        line: decrypt(sealed, toPlace(batchId, number, 'line')),
      }));
    },
    async countBytes(batchId, outcomes) {
      const names = outcomes.map((outcome) => `length:${outcome}`);
      const lengths = await ask((redis) => redis.hmget(`${root}:one:${batchId}`, ...names));
      return lengths.reduce((sum, length) => sum + Number(length ?? 0), 0);
    },
  } satisfies Partial<ItemTable>;
}

/** Those that are there still. */
async function readMany(
  { ask }: Pick<BatchScripts, 'ask'>,
  key: string,
  numbers: readonly number[],
) {
  if (numbers.length === 0) return [];
  const found = await ask((redis) => redis.hmgetBuffer(key, ...numbers.map(String)));
  return numbers.flatMap((number, index) => {
    const sealed = found[index];
    return sealed ? [{ number, sealed }] : [];
  });
}

function byNumber(one: number, other: number) {
  return one - other;
}

/** Where a text can be decrypted. */
function toPlace(batchId: string, number: number, what: string) {
  return `batch ${batchId} ${number} ${what}`;
}

import { z } from 'zod';

import type { Batch, BatchProblem, BatchState } from '../../batch.ts';
import { type BatchTable, ROW_BYTES } from '../batch-tables.ts';
import type { BatchScripts } from './open-shared-store.ts';
import * as scripts from './scripts.ts';

const count = z.coerce.number();
const time = z.coerce.number().optional();

const Plain = z.object({
  keyId: z.string(),
  api: z.enum(['openai', 'anthropic']),
  state: z.custom<BatchState>((state) => typeof state === 'string'),
  createdAt: count,
  expiresAt: count,
  startedAt: time,
  cancelledAt: time,
  endedAt: time,
});
const Counts = z.object({
  total: count,
  succeeded: count,
  errored: count,
  cancelled: count,
  expired: count,
});

type Base = Pick<Batch, 'endpoint' | 'details'>;
type Ending = Partial<Pick<Batch, 'outputFileId' | 'errorFileId'>> & {
  problems: readonly BatchProblem[];
};

/** Batches in Redis: times, counts and whose they are in plain text. */
export function createSharedBatches(parts: BatchScripts): BatchTable {
  const { root, run, runUnfenced, ask, encrypt, ttlMs } = parts;
  const seal = (id: string, what: string, value: object) =>
    encrypt(JSON.stringify(value), toPlace(id, what));
  const read = async (id: string) =>
    toBatch(id, await ask((redis) => redis.hgetallBuffer(`${root}:one:${id}`)), parts);
  const readAll = async (ids: unknown) => {
    const found = await Promise.all((ids as readonly string[]).map(read)); // as the scripts list them
    return found.filter((one) => one !== undefined);
  };
  const sum = async (keyId: string) => (await runUnfenced(scripts.SUM, keyId)) as [number, number]; // as SUM returns

  return {
    async add({ id, keyId, api, createdAt, expiresAt, endpoint, details }) {
      const base = seal(id, 'base', { endpoint, details } satisfies Base);
      await run(scripts.ADD, id, keyId, api, createdAt, expiresAt, base, ROW_BYTES, ttlMs);
    },
    read,
    begin: async (id, startedAt) => void (await run(scripts.BEGIN, id, startedAt)),
    cancel: async (id, cancelledAt) => void (await run(scripts.CANCEL, id, cancelledAt)),
    async end(id, { state, endedAt, problems = [], outputFileId, errorFileId }) {
      const ending: Ending = { problems, outputFileId, errorFileId };
      await run(scripts.END, id, state, endedAt, seal(id, 'ending', ending), ttlMs);
    },
    remove: async (id) => void (await run(scripts.REMOVE, id)),
    list: async ({ keyId, api }, { after = '', before = '', limit }) =>
      readAll(
        await runUnfenced(scripts.LIST, keyId, api, before === '' ? after : '', before, limit),
      ),
    hasUnfinished: async () => (await ask((redis) => redis.zcard(`${root}:unfinished`))) > 0,
    listUnfinished: async () => readAll(await runUnfenced(scripts.LIST_UNFINISHED)),
    listEndedUntil: async (until) =>
      (await runUnfenced(scripts.LIST_ENDED_UNTIL, until)) as readonly string[], // as it returns
    findOldestEnded: async (keyId, spared = '') =>
      ((await runUnfenced(scripts.FIND_OLDEST_ENDED, keyId, spared)) as string | null) ?? undefined, // as it returns
    usedBytes: async (keyId) => (await sum(keyId))[0],
    countWaiting: async (keyId) => (await sum(keyId))[1],
  };
}

function toBatch(
  id: string,
  fields: Readonly<Record<string, Buffer>>,
  { decrypt }: Pick<BatchScripts, 'decrypt'>,
): Batch | undefined {
  const { base, ending } = fields;
  if (!base) return undefined;
  const open = (sealed: Buffer, what: string): unknown =>
    JSON.parse(decrypt(sealed, toPlace(id, what)));
  const texts = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, String(value)]),
  );
  const { problems, outputFileId, errorFileId } = (
    ending ? open(ending, 'ending') : { problems: [] }
  ) as Ending; // as `end` wrote it
  const { startedAt, cancelledAt, endedAt, ...plain } = Plain.parse(texts);
  return {
    id,
    ...plain,
    ...(open(base, 'base') as Base), // as `add` wrote it
    startedAt,
    cancelledAt,
    endedAt,
    counts: Counts.parse(texts),
    problems,
    outputFileId,
    errorFileId,
  };
}

/** Where a text can be decrypted. */
function toPlace(id: string, what: string) {
  return `batch ${id} ${what}`;
}

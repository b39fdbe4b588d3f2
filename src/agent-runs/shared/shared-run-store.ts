import { createHash } from 'node:crypto';

import { z } from 'zod';

import type { SharedState } from '../../state/shared-state.ts';
import { type RunStore, STATES, type StoredEvent, type StoredRun } from '../run-store.ts';
import * as scripts from './scripts.ts';
import { createSharedInputs } from './shared-inputs.ts';

export type SharedRunStoreOptions = {
  shared: SharedState;
  /** Names this server: what it says of other servers' runs does not count. */
  server: string;
  /** How long an ended run is kept, in milliseconds. An hour later Redis forgets it by itself. */
  ttlMs: number;
};

/** How much longer than its lifetime Redis keeps a run, in milliseconds: servers remove old ones before. */
const SLACK_MS = 3_600_000;

/** How long Redis keeps a run of which nothing is heard any more, in milliseconds. */
const UNFINISHED_MS = 14 * 24 * 3_600_000;

const json = z.record(z.string(), z.unknown());
const Base = z.object({
  keyId: z.string(),
  resumedFrom: z.string().optional(),
  body: json,
});
const Begun = z.object({ model: z.string(), sessionId: z.string().optional() });
const Ending = z.object({ answer: json.optional(), failure: json.optional() });
const Plain = z.object({
  state: z.enum(STATES),
  createdAt: z.coerce.number(),
  endedAt: z.coerce.number().optional(),
  background: z.coerce.number(),
  server: z.coerce.string(),
  costUsd: z.coerce.number().optional(),
});

/** Runs and their events in the Redis of a cluster, encrypted. All throw `queue-timeout` while that is away. */
export function createSharedRunStore(options: SharedRunStoreOptions): RunStore {
  const { shared, server, ttlMs } = options;
  const { toKey, ask, run: runScript } = shared;
  const root = toKey('runs');
  const endedMs = ttlMs + SLACK_MS;
  const liveMs = Math.max(endedMs, UNFINISHED_MS);
  const run = (script: string, ...values: (string | number | Buffer)[]) =>
    runScript(script, [root], values);
  const texts = createTexts(shared);
  const read = async (id: string) =>
    texts.toRun(id, await ask((redis) => redis.hgetallBuffer(`${root}:one:${id}`)));
  /** Those that are there still. */
  const readAll = async (ids: unknown) => {
    const found = await Promise.all((ids as readonly string[]).map(read)); // as the scripts list them
    return found.filter((one) => one !== undefined);
  };
  const listEvents: RunStore['listEvents'] = async (id, after, limit) => {
    const range = [`${after + 1}-0`, '+', 'COUNT', limit] as const;
    const entries = await ask((redis) => redis.xrangeBuffer(`${root}:events:${id}`, ...range));
    return entries.map(([entry, fields]) => texts.toEvent(id, String(entry), fields));
  };

  return {
    inputs: createSharedInputs(shared, root, liveMs),
    async add({ id, keyId, createdAt, isBackground, model, resumedFrom, body, server: at }, most) {
      const isUnread = isBackground || body['onDisconnect'] === 'continue';
      const base = texts.seal(id, 'base', { keyId, resumedFrom, body });
      const values = [id, keyId, at, Number(isUnread), Number(isBackground), createdAt, base];
      const begun = texts.seal(id, 'begun', { model });
      const mostUnread = Number.isFinite(most) ? most : -1;
      const outcome = await run(scripts.ADD, ...values, begun, mostUnread, liveMs);
      return outcome as 'added' | 'known' | 'full'; // as ADD returns
    },
    read,
    setState: async (id, state) =>
      void (await run(scripts.SET_STATE, id, server, state, '', '', liveMs)),
    async begin(id, model, sessionId) {
      const begun = texts.seal(id, 'begun', { model, sessionId });
      await run(scripts.SET_STATE, id, server, 'running', begun, toName(sessionId), liveMs);
    },
    addEvents: async (id, events) =>
      void (await run(scripts.ADD_EVENTS, id, server, liveMs, ...texts.toEntries(id, events))),
    async end(id, { state, endedAt, answer, failure }, last) {
      const ending = texts.seal(id, 'ending', { answer, failure });
      const values = [id, server, state, endedAt, ending, endedMs];
      return (await run(scripts.END, ...values, ...texts.toEntries(id, last))) === 1;
    },
    async list(keyId, { state = '', sessionId, before = '', limit }) {
      return readAll(await run(scripts.LIST, keyId, state, toName(sessionId), before, limit));
    },
    async listSizes(keyId) {
      const found = (await run(scripts.LIST_SIZES, keyId)) as readonly string[]; // as LIST_SIZES returns
      const ids = found.filter((_, index) => index % 2 === 0);
      return ids.map((id, index) => ({ id, bytes: Number(found[index * 2 + 1]) }));
    },
    listEvents,
    async listEventsOf(id, type) {
      const entries = (await run(scripts.LIST_EVENTS_OF, id, type)) as readonly string[]; // as it returns
      const found = entries.map((entry) => listEvents(id, Number.parseInt(entry, 10) - 1, 1));
      return (await Promise.all(found)).flat();
    },
    charge: async (id, costUsd) => void (await run(scripts.CHARGE, id, costUsd)),
    remove: async (id) => void (await run(scripts.REMOVE, id)),
    removeEndedUntil: async (time) => void (await run(scripts.REMOVE_ENDED_UNTIL, time)),
    giveBack: async (id) => void (await run(scripts.GIVE_BACK, id, server, liveMs)),
    async listServers() {
      const servers = await ask((redis) => redis.smembers(`${root}:servers`));
      return servers.filter((one) => one !== '');
    },
    hasGivenBack: async () => (await ask((redis) => redis.scard(`${root}:at:`))) > 0,
    interruptLeft: async ({ dead }, endedAt) =>
      readAll(dead.length === 0 ? [] : await run(scripts.INTERRUPT, endedAt, endedMs, ...dead)),
    async claimPutOff({ dead }, claimer) {
      const claimed = await readAll(
        await run(scripts.CLAIM_PUT_OFF, claimer, liveMs, '', ...dead),
      );
      return claimed.toSorted((one, other) => one.createdAt - other.createdAt);
    },
    close: () => Promise.resolve(), // the connection is not its own
  };
}

/** Encrypts what is told of runs, and reads it. */
function createTexts({ encrypt, decrypt }: Pick<SharedState, 'encrypt' | 'decrypt'>) {
  const toPlace = (id: string, what: string | number) => `run ${id} ${what}`;
  const open = <Value>(
    shape: { parse: (value: unknown) => Value },
    sealed: Buffer,
    place: string,
  ): Value => shape.parse(JSON.parse(decrypt(sealed, place)));

  return {
    seal: (id: string, what: string, value: object) =>
      encrypt(JSON.stringify(value), toPlace(id, what)),
    toEntries: (id: string, events: readonly StoredEvent[]) =>
      events.flatMap(({ id: number, type, data }) => [
        number,
        type,
        encrypt(data, toPlace(id, number)),
      ]),
    toEvent(id: string, entry: string, [, type, , data = Buffer.alloc(0)]: Buffer[]): StoredEvent {
      const number = Number.parseInt(entry, 10);
      return { id: number, type: String(type), data: decrypt(data, toPlace(id, number)) };
    },
    toRun(id: string, fields: Readonly<Record<string, Buffer>>): StoredRun | undefined {
      const { base, begun, ending } = fields;
      if (!base || !begun) return undefined;
      const names = Object.keys(Plain.shape).filter((name) => fields[name] !== undefined);
      const plain = names.map((name) => [name, String(fields[name])]);
      const { background, ...rest } = Plain.parse(Object.fromEntries(plain));
      return {
        id,
        ...rest,
        isBackground: background === 1,
        ...open(Base, base, toPlace(id, 'base')),
        ...open(Begun, begun, toPlace(id, 'begun')),
        ...(ending && open(Ending, ending, toPlace(id, 'ending'))),
      };
    },
  };
}

/** What a session is found by, which does not tell its id. */
function toName(sessionId: string | undefined) {
  return sessionId === undefined ? '' : createHash('sha256').update(sessionId).digest('base64url');
}

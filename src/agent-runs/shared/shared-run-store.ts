import { createHash, randomUUID } from 'node:crypto';

import type { SharedState } from '../../state/shared-state.ts';
import type { RunStore, StoredRun } from '../run-store.ts';
import * as left from './left-scripts.ts';
import { createRunTexts } from './run-texts.ts';
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

/** The key of one run; `server`, `state` and `endedAt` stand there in plain text. */
export function toRunKey({ toKey }: Pick<SharedState, 'toKey'>, id: string): string {
  return `${toKey('runs')}:one:${id}`;
}

/** Runs and their events in the Redis of a cluster, encrypted. All throw `queue-timeout` while that is away. */
export function createSharedRunStore(options: SharedRunStoreOptions): RunStore {
  const { shared, server, ttlMs } = options;
  const { toKey, ask, run: runScript } = shared;
  const root = toKey('runs');
  const endedMs = ttlMs + SLACK_MS;
  const liveMs = Math.max(endedMs, UNFINISHED_MS);
  const run = (script: string, ...values: (string | number | Buffer)[]) =>
    runScript(script, [root], values);
  const texts = createRunTexts(shared);
  const read = async (id: string) =>
    texts.toRun(id, await ask((redis) => redis.hgetallBuffer(toRunKey(shared, id))));
  /** Those that are there still. */
  const readAll = async (ids: unknown) => {
    const found = await Promise.all((ids as readonly string[]).map(read)); // as the scripts list them
    return found.filter((one) => one !== undefined);
  };
  const scripted: Scripted = { ask, run, root, texts, readAll };

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
    listBeyond: async (keyId, mostBytes) =>
      (await run(scripts.LIST_BEYOND, keyId, mostBytes, endedMs)) as readonly string[], // as it returns
    charge: async (id, costUsd, chargeId) =>
      void (await run(scripts.CHARGE, id, costUsd, chargeId)),
    remove: async (id) => void (await run(scripts.REMOVE, id)),
    removeEndedUntil: async (time) => void (await run(scripts.REMOVE_ENDED_UNTIL, time)),
    ...createEvents(scripted),
    ...createLeft(scripted, { server, liveMs, endedMs }),
    close: () => Promise.resolve(), // the connection is not its own
  };
}

type Scripted = Pick<SharedState, 'ask'> & {
  run: (script: string, ...values: (string | number | Buffer)[]) => Promise<unknown>;
  root: string;
  texts: ReturnType<typeof createRunTexts>;
  readAll: (ids: unknown) => Promise<StoredRun[]>;
};

/** Reads events. */
function createEvents({ ask, run, root, texts }: Scripted) {
  const listEvents: RunStore['listEvents'] = async (id, after, limit) => {
    const range = [`${after + 1}-0`, '+', 'COUNT', limit] as const;
    const entries = await ask((redis) => redis.xrangeBuffer(`${root}:events:${id}`, ...range));
    return entries.map(([entry, fields]) => texts.toEvent(id, String(entry), fields));
  };

  return {
    listEvents,
    async listEventsOf(id, type) {
      const entries = (await run(scripts.LIST_EVENTS_OF, id, type)) as readonly string[]; // as it returns
      const found = entries.map((entry) => listEvents(id, Number.parseInt(entry, 10) - 1, 1));
      return (await Promise.all(found)).flat();
    },
  } satisfies Partial<RunStore>;
}

type Lifetimes = { server: string; liveMs: number; endedMs: number };

/** Finds what servers left. */
function createLeft({ ask, run, root, readAll }: Scripted, { server, liveMs, endedMs }: Lifetimes) {
  const interrupting = createTokens();
  const claiming = createTokens();
  return {
    giveBack: async (id) => void (await run(left.GIVE_BACK, id, server, liveMs)),
    async listServers() {
      const servers = await ask((redis) => redis.smembers(`${root}:servers`));
      return servers.filter((one) => one !== '');
    },
    hasGivenBack: async () => (await ask((redis) => redis.scard(`${root}:at:`))) > 0,
    interruptLeft: ({ dead }, endedAt) =>
      interrupting(async (token) =>
        readAll(await run(left.INTERRUPT, endedAt, endedMs, token, '', ...dead)),
      ),
    claimPutOff: ({ dead }, claimer) =>
      claiming(async (token) => {
        const ids = await run(left.CLAIM_PUT_OFF, claimer, liveMs, token, '', ...dead);
        const claimed = (await readAll(ids)).filter((one) => one.server === claimer);
        return claimed.toSorted((one, other) => one.createdAt - other.createdAt);
      }),
    noteBeginning: async (id, at) => Number(await run(left.NOTE_BEGINNING, id, at)),
    noteBegun: async (id, at) => void (await run(left.NOTE_BEGUN, id, at)),
    cancelPutOff: async (id, at, endedAt) =>
      (await run(left.CANCEL_PUT_OFF, id, at, endedAt, endedMs)) === 1,
  } satisfies Partial<RunStore>;
}

/** Asks with a token, which is the same until there was an answer: what was done for it is not lost with that. */
function createTokens() {
  let token = randomUUID();
  return async <Answer>(ask: (token: string) => Promise<Answer>): Promise<Answer> => {
    const answer = await ask(token);
    token = randomUUID();
    return answer;
  };
}

/** What a session is found by, which does not tell its id. */
function toName(sessionId: string | undefined) {
  return sessionId === undefined ? '' : createHash('sha256').update(sessionId).digest('base64url');
}

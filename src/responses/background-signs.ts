import { setTimeout as delay } from 'node:timers/promises';

import { RunError } from '../run-error.ts';
import type { SharedState } from '../state/shared-state.ts';
import * as scripts from './background-scripts.ts';

export type SignsOptions = {
  shared: SharedState;
  /** Names this server among those of all times. */
  server: string;
  /** After this time without a sign of life of its server a run is lost, in milliseconds. */
  leaseMs: number;
  /** How long what was asked is kept for another server, and what was told, in milliseconds. */
  ttlMs: number;
};

/** How long the end of a run is seen, and its events can be read, in milliseconds. */
const OVER_MS = 60_000;

/** How often followers look for more events, or the end, in milliseconds. */
export const LOOK_MS = 100;

/** Events read at once. */
const PAGE = 200;

/** The sign of a run that has ended. */
const OVER = 'over';

export type Signs<Event> = ReturnType<typeof createSigns<Event>>;

/** What the servers of a cluster see of each other's runs: a sign of life, the task, and the events, numbered from 1. */
export function createSigns<Event>(options: SignsOptions) {
  const { shared, server, leaseMs, ttlMs } = options;
  const { ask, encrypt } = shared;
  const { toSign, toTask, toEvents } = toKeys(shared);
  const events = createEventReader<Event>(shared, toEvents);
  const run = (script: string, id: string, ...values: (string | number | Buffer)[]) =>
    shared.run(script, [toSign(id), toTask(id), toEvents(id)], values);

  return {
    ...createSight(options, events),
    async begin(id: string, keepsEvents: boolean, asked: string | undefined) {
      const sealed = asked === undefined ? '' : encrypt(asked, toPlace(id, 'asked'));
      await run(scripts.BEGIN, id, server, leaseMs, ttlMs, Number(keepsEvents), sealed);
    },
    async renew(id: string) {
      const found = await run(scripts.RENEW, id, server, leaseMs, ttlMs);
      const [isOwn, cancelled] = found as [number, string]; // as RENEW returns
      return { isOwn: isOwn === 1, cancelled: cancelled || undefined };
    },
    async append(id: string, number: number, event: Event) {
      const sealed = encrypt(JSON.stringify(event), toPlace(id, number));
      await run(scripts.APPEND, id, server, ttlMs, number, sealed);
    },
    leave: async (id: string) => void (await run(scripts.LEAVE, id, server, OVER_MS)),
    giveBack: async (id: string) => (await run(scripts.GIVE_BACK, id, server)) === 1,
    /** It holds for whoever carries the run out, now or later. */
    cancel: async (id: string, sentence: string) => void (await run(scripts.CANCEL, id, sentence)),
    /**
     * What is to be done with a run that was left; `undefined` when another server is at it, or it would be begun for
     * the last time and `mayBeLast` is false.
     */
    async claim(id: string, mayBeLast: boolean) {
      const values = [server, leaseMs, ttlMs, OVER_MS, Number(mayBeLast)];
      if ((await run(scripts.CLAIM, id, ...values)) !== 1) return undefined;
      const task = await ask((redis) => redis.hgetallBuffer(toTask(id)));
      const { asked, keeps, cancelled, losses = 0 } = task;
      return {
        asked: asked && shared.decrypt(asked, toPlace(id, 'asked')),
        keepsEvents: String(keeps) === '1',
        cancelled: cancelled && String(cancelled),
        losses: Number(losses),
      };
    },
    /** Where it stands whose run it is. */
    toOwner: (id: string) => ({ key: toTask(id), server }),
  };
}

function toKeys({ toKey }: Pick<SharedState, 'toKey'>) {
  return {
    toSign: (id: string) => toKey('background', id),
    toTask: (id: string) => toKey('background', id, 'task'),
    toEvents: (id: string) => toKey('background', id, 'events'),
  };
}

/** How a run stands, whoever carries it out. */
function createSight<Event>(
  { shared, leaseMs }: Pick<SignsOptions, 'shared' | 'leaseMs'>,
  events: EventReader<Event>,
) {
  const { ask, upForMs } = shared;
  const { toSign, toTask, toEvents } = toKeys(shared);

  /**
   * Nobody could renew a sign while Redis was away: until they had the time to, nothing is lost but what its server gave
   * back.
   */
  const isAlive = async (id: string) => {
    const sign = await ask((redis) => redis.get(toSign(id)));
    if (sign !== null) return sign !== OVER;
    const owner = await ask((redis) => redis.hget(toTask(id), 'server'));
    return owner !== '' && upForMs() < leaseMs;
  };
  const isAsked = async (id: string) =>
    (await ask((redis) => redis.hexists(toTask(id), 'asked'))) === 1;
  /** Whether it goes on, or will on another server. */
  const isExpected = async (id: string) => (await isAlive(id)) || (await isAsked(id));

  return {
    isAlive,
    /** Whether it was begun and, as far as Redis knows, has not ended. */
    async isOpen(id: string) {
      const sign = await ask((redis) => redis.get(toSign(id)));
      return sign === null ? isAsked(id) : sign !== OVER;
    },
    /** Whether it is for any server to go on with. */
    isLeft: async (id: string) => !(await isAlive(id)) && (await isAsked(id)),
    hasEvents: async (id: string) =>
      (await isExpected(id)) && (await ask((redis) => redis.exists(toEvents(id)))) === 1,
    readTold: (id: string) => events.readAll(id),
    async *follow(id: string, after: number, signal: AbortSignal) {
      for (let number = after + 2; !signal.aborted;) {
        const isLast = !(await isExpected(id));
        const page = await events.read(id, number);
        yield* page;
        number += page.length;
        if (isLast && page.length === 0) return;
        if (page.length < PAGE) await delay(LOOK_MS, undefined, { signal }).catch(ignore);
      }
    },
  };
}

type EventReader<Event> = ReturnType<typeof createEventReader<Event>>;

function createEventReader<Event>(
  { ask, decrypt }: Pick<SharedState, 'ask' | 'decrypt'>,
  toEvents: (id: string) => string,
) {
  const readPage = async (id: string, first: number) => {
    const entries = await ask((redis) =>
      redis.xrangeBuffer(toEvents(id), `${first}-0`, '+', 'COUNT', PAGE),
    );
    return entries.map(([entry, [, data = Buffer.alloc(0)]]) => {
      const number = Number.parseInt(String(entry), 10);
      return { number, event: JSON.parse(decrypt(data, toPlace(id, number))) as Event }; // as it was appended
    });
  };

  return {
    /** Some, from this number on. Throws `queue-timeout` when the first of them is not there. */
    async read(id: string, first: number): Promise<readonly Event[]> {
      const page = await readPage(id, first);
      const whole = page.filter(({ number }, index) => number === first + index);
      if (page.length > 0 && whole.length === 0) throw toLostEvents();
      return whole.map(({ event }) => event);
    },
    /** All that are there. */
    async readAll(id: string): Promise<readonly Event[]> {
      const all: Event[] = [];
      for (let first = 1; ;) {
        const page = await readPage(id, first);
        all.push(...page.map(({ event }) => event));
        const last = page.at(-1);
        if (!last) return all;
        first = last.number + 1;
      }
    },
  };
}

/** A hole among the events: the rest would be read as if nothing were missing. */
function toLostEvents() {
  const sentence =
    'Events of this response were lost while Redis was away. Retrieve the response itself when it has ended.';
  return new RunError('queue-timeout', sentence, { retryAfterSeconds: 2 });
}

/** Where a text can be opened. */
function toPlace(id: string, what: number | string) {
  return `background ${id} ${what}`;
}

function ignore(): void {}

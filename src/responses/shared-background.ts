import { setTimeout as delay } from 'node:timers/promises';

import { RunError } from '../run-error.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { BackgroundRun, BackgroundRuns } from './background-runs.ts';

export type SharedBackgroundOptions<Event> = {
  /** The runs of this server. */
  local: BackgroundRuns<Event>;
  shared: SharedState;
  /** After this time without a sign of life of its server a run is lost, in milliseconds. */
  leaseMs: number;
  /** Called with what could not be shown to the other servers. */
  onProblem: (error: unknown) => void;
};

export type SharedBackground<Event> = BackgroundRuns<Event> & {
  /** Whether a server of the cluster carries it out. */
  isAlive: (id: string) => Promise<boolean>;
  close: () => void;
};

/** How long events can be read after the last sign of life, in milliseconds. */
const EVENTS_TTL_MS = 60_000;

/** How often followers look for more events, or the end, in milliseconds. */
const LOOK_MS = 100;

/** Longest wait for the end of a run on another server, in milliseconds. */
const END_MS = 10_000;

/** Events read at once. */
const PAGE = 200;

const TOPIC = 'background-end';

/** The sign of a run that has ended. */
const OVER = 'over';

/** Lets the runs of all servers of a cluster be followed and ended from each of them. */
export async function createSharedBackground<Event>(
  options: SharedBackgroundOptions<Event>,
): Promise<SharedBackground<Event>> {
  const { local, shared, leaseMs, onProblem } = options;
  const signs = createSigns<Event>(options);
  const own = new Set<string>();
  const timer = setInterval(() => {
    for (const id of own) void signs.renew(id).catch(onProblem);
  }, leaseMs / 3).unref();

  async function* passOn({ id, events, keepsEvents }: BackgroundRun<Event>, signal: AbortSignal) {
    let number = 0;
    try {
      for await (const event of events(signal)) {
        number += 1;
        if (keepsEvents) signs.append(id, number, event);
        yield event;
      }
    } finally {
      own.delete(id);
      await signs.leave(id);
    }
  }

  await shared.subscribe(TOPIC, (text) => {
    const { id, message } = JSON.parse(text) as { id: string; message: string }; // as `end` publishes it
    if (own.has(id)) void local.end(id, new RunError('cancelled', message));
  });

  return {
    async start(run) {
      await signs.renew(run.id);
      own.add(run.id);
      return local.start({ ...run, events: (signal) => passOn(run, signal) });
    },
    async follow(id, after, signal) {
      const here = await local.follow(id, after, signal);
      if (here || own.has(id)) return here;
      return (await signs.hasEvents(id)) ? signs.follow(id, after, signal) : undefined;
    },
    async end(id, reason) {
      if (own.has(id)) return local.end(id, reason);
      if (!(await signs.isAlive(id))) return;
      const message = reason instanceof Error ? reason.message : 'The run was ended.';
      await shared.publish(TOPIC, JSON.stringify({ id, message }));
      for (let left = END_MS; left > 0 && (await signs.isAlive(id)); left -= LOOK_MS) {
        await delay(LOOK_MS);
      }
    },
    endAll: local.endAll,
    isAlive: async (id) => own.has(id) || (await signs.isAlive(id)),
    close: () => clearInterval(timer),
  };
}

type SignsOptions = Pick<SharedBackgroundOptions<unknown>, 'shared' | 'leaseMs' | 'onProblem'>;

/** What other servers see of a run: a sign of life, and its events, numbered from 1. */
function createSigns<Event>({ shared, leaseMs, onProblem }: SignsOptions) {
  const { toKey, ask, encrypt, decrypt } = shared;
  const toLease = (id: string) => toKey('background', id);
  const toEvents = (id: string) => toKey('background', id, 'events');

  /** Nobody could renew a lease while Redis was away: until they had the time to, nothing is lost. */
  const isAlive = async (id: string) => {
    const sign = await ask((redis) => redis.get(toLease(id)));
    return sign === null ? shared.upForMs() < leaseMs : sign !== OVER;
  };

  return {
    isAlive,
    hasEvents: async (id: string) =>
      (await isAlive(id)) && (await ask((redis) => redis.exists(toEvents(id)))) === 1,
    renew: (id: string) =>
      ask((redis) =>
        redis
          .multi()
          .set(toLease(id), '1', 'PX', leaseMs)
          .pexpire(toEvents(id), EVENTS_TTL_MS)
          .exec(),
      ),
    /** Without that the lease ends by itself. */
    leave: (id: string) =>
      ask((redis) => redis.set(toLease(id), OVER, 'PX', EVENTS_TTL_MS)).catch(onProblem),
    /** Nobody waits for it: over the one connection events arrive in order. */
    append(id: string, number: number, event: Event) {
      const sealed = encrypt(JSON.stringify(event), toPlace(id, number));
      const adding = ask((redis) =>
        redis
          .multi()
          .xadd(toEvents(id), `${number}-0`, 'data', sealed)
          .pexpire(toEvents(id), EVENTS_TTL_MS)
          .exec(),
      );
      void adding.catch(onProblem);
    },
    async *follow(id: string, after: number, signal: AbortSignal) {
      for (let number = after + 2; !signal.aborted;) {
        const isLast = !(await isAlive(id));
        const entries = await ask((redis) =>
          redis.xrangeBuffer(toEvents(id), `${number}-0`, '+', 'COUNT', PAGE),
        );
        for (const [entry, fields] of entries) {
          if (String(entry) !== `${number}-0`) throw toLostEvents();
          yield JSON.parse(decrypt(fields[1] ?? Buffer.alloc(0), toPlace(id, number))) as Event; // as it was appended
          number += 1;
        }
        if (isLast && entries.length === 0) return;
        if (entries.length < PAGE) await delay(LOOK_MS, undefined, { signal }).catch(ignore);
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

/** Where an event can be opened. */
function toPlace(id: string, number: number) {
  return `background ${id} ${number}`;
}

function ignore(): void {}

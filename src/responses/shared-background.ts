import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { MOST_LOSSES } from '../most-losses.ts';
import { RunError } from '../run-error.ts';
import type { PatientWrites } from '../state/patient-writes.ts';
import type { SharedState } from '../state/shared-state.ts';
import type { BackgroundRun, BackgroundRuns, GoOn } from './background-runs.ts';
import { createSigns, LOOK_MS, type Signs } from './background-signs.ts';

export type SharedBackgroundOptions<Event> = {
  /** The runs of this server. */
  local: BackgroundRuns<Event>;
  shared: SharedState;
  /** After this time without a sign of life of its server a run is lost, in milliseconds. */
  leaseMs: number;
  /** How long a run that was left can be gone on with, in milliseconds. */
  ttlMs: number;
  /** Nobody is told what could be lost with this server: events wait until they are kept, or given up. */
  writes: Pick<PatientWrites, 'write'>;
  /** Called with what could not be shown to the other servers. */
  onProblem: (error: unknown) => void;
};

export type SharedBackground<Event> = BackgroundRuns<Event> & {
  /** Whether a server of the cluster carries it out. */
  isAlive: (id: string) => Promise<boolean>;
  /**
   * Sees to a run that no server carries out: this one goes on with it, if it can. Resolves with whether it is over for
   * good, and this server's to say so.
   */
  takeOver: (id: string) => Promise<boolean>;
  /** Where it stands in Redis whose run it is, and how this server is named there. */
  toOwner: (id: string) => { key: string; server: string };
  close: () => void;
};

/** Longest wait for the end of a run on another server, in milliseconds. */
const END_MS = 10_000;

const TOPIC = 'background-end';

/** Lets the runs of all servers of a cluster be followed and ended from each of them, and outlive their servers. */
export async function createSharedBackground<Event>(
  options: SharedBackgroundOptions<Event>,
): Promise<SharedBackground<Event>> {
  const { local, shared, leaseMs, onProblem } = options;
  const signs = createSigns<Event>({ ...options, server: randomUUID() });
  const own = new Set<string>();
  const passOn = createPassOn({ ...options, signs, own });
  const takeOver = createTakeOver({ ...options, signs, own, passOn });
  const timer = setInterval(() => {
    for (const id of own) void renew(id).catch(onProblem);
  }, leaseMs / 3).unref();

  const renew = async (id: string) => {
    const { isOwn, cancelled } = await signs.renew(id);
    if (!isOwn) await local.end(id, toElsewhere());
    else if (cancelled !== undefined) await local.end(id, toCancelled(cancelled));
  };

  await shared.subscribe(TOPIC, (text) => {
    const { id, message } = JSON.parse(text) as { id: string; message: string }; // as `end` publishes it
    if (own.has(id)) void local.end(id, toCancelled(message));
  });

  return {
    async start(run) {
      await signs.begin(run.id, run.keepsEvents, run.readAsked?.());
      own.add(run.id);
      return local.start({ ...run, events: (signal) => passOn(run, signal) });
    },
    async follow(id, after, signal) {
      const here = await local.follow(id, after, signal);
      if (here || own.has(id)) return here;
      return (await signs.hasEvents(id)) ? signs.follow(id, after, signal) : undefined;
    },
    goOnWith: takeOver.goOnWith,
    async giveBack(id) {
      if (!own.delete(id)) return false;
      if (await signs.giveBack(id).catch(onProblem)) return true;
      own.add(id);
      return false;
    },
    end: createEnd({ ...options, signs, own, takeOver }),
    async endAll(reason) {
      takeOver.goOnWith(undefined);
      await local.endAll(reason);
    },
    isAlive: async (id) => own.has(id) || (await signs.isAlive(id)),
    takeOver: (id) => takeOver.take(id),
    toOwner: signs.toOwner,
    close: () => clearInterval(timer),
  };
}

type Parts<Event> = Pick<SharedBackgroundOptions<Event>, 'local' | 'writes' | 'onProblem'> & {
  signs: Signs<Event>;
  /** The ids of the runs that this server carries out. */
  own: Set<string>;
};

type EndParts<Event> = Omit<Parts<Event>, 'writes' | 'onProblem'> &
  Pick<SharedBackgroundOptions<Event>, 'shared'> & {
    takeOver: { take: SharedBackground<Event>['takeOver'] };
  };

/** Makes what ends a run wherever it is, and whoever will carry it out. */
function createEnd<Event>({ local, shared, signs, own, takeOver }: EndParts<Event>) {
  return async (id: string, reason: unknown): Promise<void> => {
    if (own.has(id)) return local.end(id, reason);
    const message = reason instanceof Error ? reason.message : 'The run was ended.';
    await signs.cancel(id, message);
    if (!(await signs.isOpen(id))) return;
    if (await signs.isAlive(id)) await shared.publish(TOPIC, JSON.stringify({ id, message }));
    for (let left = END_MS; left > 0 && (await signs.isAlive(id)); left -= LOOK_MS) {
      await delay(LOOK_MS);
    }
    if (!(await signs.isLeft(id))) return;
    await takeOver.take(id);
    await local.end(id, reason);
  };
}

type PassOn<Event> = (
  run: BackgroundRun<Event>,
  signal: AbortSignal,
  told?: readonly Event[],
) => AsyncIterable<Event>;

/** Makes what shows a run's events to the other servers, each before anybody hears it here. */
function createPassOn<Event>({ signs, own, writes }: Parts<Event>): PassOn<Event> {
  const patiently = async (task: () => Promise<void>) => {
    const { settled } = await writes.write(task);
    await settled;
  };
  return async function* passOn({ id, events, keepsEvents }, signal, told = []) {
    yield* told;
    let number = told.length;
    try {
      for await (const event of events(signal)) {
        number += 1;
        const place = number;
        if (keepsEvents) await patiently(() => signs.append(id, place, event));
        yield event;
      }
    } finally {
      if (own.delete(id)) await patiently(() => signs.leave(id));
    }
  };
}

/** Makes what goes on with the runs of lost servers. */
function createTakeOver<Event>(parts: Parts<Event> & { passOn: PassOn<Event> }) {
  const { local, signs, own, onProblem } = parts;
  const claiming = new Set<string>();
  const mayBeLast = createOneLast((id) => own.has(id) || claiming.has(id));
  let goOn: GoOn<Event> | undefined;

  const begin = (id: string, { asked, losses, keepsEvents }: Claimed, go: GoOn<Event>) => {
    async function* goOnOrLeave(signal: AbortSignal, told: readonly Event[]) {
      try {
        yield* go({ asked, told, losses }, signal);
      } catch (error) {
        own.delete(id);
        onProblem(error);
        await signs.giveBack(id).catch(onProblem); // this server was not lost with it
        throw error;
      }
    }
    async function* events(signal: AbortSignal) {
      const told = keepsEvents ? await signs.readTold(id) : [];
      const run = { id, keepsEvents, events: () => goOnOrLeave(signal, told) };
      yield* parts.passOn(run, signal, told);
    }
    own.add(id);
    const first = local.start({ id, keepsEvents, events });
    void first.catch((error: unknown) => {
      if (own.delete(id)) onProblem(error);
    });
  };

  const claim = async (id: string) => {
    if (!goOn) return false;
    const found = await signs.claim(id, mayBeLast.take(id));
    if (found?.losses !== MOST_LOSSES) mayBeLast.leave(id);
    if (!found) return false;
    const { asked, cancelled } = found;
    if (asked === undefined) return true;
    if (!goOn) {
      await signs.giveBack(id).catch(onProblem); // this server ends since a moment ago
      return false;
    }
    begin(id, { ...found, asked }, goOn);
    if (cancelled !== undefined) void local.end(id, toCancelled(cancelled));
    return false;
  };

  return {
    goOnWith: (how: GoOn<Event> | undefined) => void (goOn = how),
    async take(id: string) {
      if (own.has(id) || claiming.has(id)) return false;
      claiming.add(id);
      try {
        return await claim(id);
      } finally {
        claiming.delete(id);
      }
    },
  };
}

type Claimed = { asked: string; losses: number; keepsEvents: boolean };

/**
 * Of the runs that are begun for the last time a server has one at a time: when it is lost with one, the others are not
 * taken for the reason.
 */
function createOneLast(isHere: (id: string) => boolean) {
  let last: string | undefined;
  return {
    /** Whether this one may be it. */
    take(id: string) {
      if (last === undefined || !isHere(last)) last = id;
      return last === id;
    },
    leave(id: string) {
      if (last === id) last = undefined;
    },
  };
}

function toCancelled(message: string) {
  return new RunError('cancelled', message);
}

function toElsewhere() {
  return new RunError('shutting-down', 'Another server goes on with this response.');
}

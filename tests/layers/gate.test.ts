import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createGate, type Gate } from '../../src/layers/gate.ts';
import {
  countBehindGate,
  createHeldPlaces,
  steerThroughGate,
  withGate,
} from '../../src/layers/with-gate.ts';
import { NO_INPUTS } from '../support/create-test-run-book.ts';
import type { Run, RunProgress } from '../../src/run.ts';
import { toAnswerEvents } from '../../src/run-answer.ts';
import { readAll, RUN_END, RUN_START, settle, toModelRequest } from '../sessions/agent-request.ts';

const PATIENT = { maxQueueSize: 100, queueTimeoutMs: 60_000 };
const stays = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

const PLACED: RunProgress = { type: 'run-progress', step: 'placed' };

const twoEvents: Run = async function* () {
  yield RUN_START;
  yield RUN_END;
};

const failing: Run = async function* () {
  yield RUN_START;
  throw new Error('broken');
};

const untilAborted: Run = async function* (_request, signal) {
  yield RUN_START;
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
};

/** Waits as long as the gate lets it, which may be longer than the test. */
function stayInLine(gate: Gate, keyId: string) {
  gate.enter(keyId, stays).catch(() => undefined);
}

/** Lets one visitor in after the other and returns the order in which they came in. */
async function letAllIn(gate: Gate, keyIds: readonly string[]): Promise<string[]> {
  const order: string[] = [];
  const visits = keyIds.map(async (keyId) => {
    const leave = await gate.enter(keyId, stays);
    order.push(keyId);
    await settle();
    leave();
  });
  await Promise.all(visits);
  return order;
}

/** The counts when a listener was last called. */
function watch(gate: Gate) {
  const told = { last: gate.counts() };
  gate.onChange(() => {
    told.last = gate.counts();
  });
  return told;
}

const askAndEnd: Run = async function* askAndEnd() {
  yield { type: 'plan-review', id: 'inp_1', callId: 'toolu_1', plan: '' };
  yield RUN_END;
};

describe('places', () => {
  test('as many as the concurrency are given at once, the rest wait', async () => {
    const gate = createGate({ concurrency: 2, ...PATIENT });
    for (let visitor = 0; visitor < 5; visitor += 1) stayInLine(gate, 'a');
    await settle();
    expect(gate.counts()).toEqual({ running: 2, waiting: 3, concurrency: 2 });
  });

  test('a freed place goes to the next one, and freeing it twice frees it once', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const leave = await gate.enter('a', stays);
    stayInLine(gate, 'a');
    stayInLine(gate, 'a');
    leave();
    leave();
    await settle();
    expect(gate.counts()).toEqual({ running: 1, waiting: 1, concurrency: 1 });
  });
});

describe('fairness', () => {
  test.each([
    { name: 'one key: first come, first served', line: 'aaaa', order: 'aaaa' },
    {
      name: 'a long line does not delay the first of another key',
      line: 'aaaaaab',
      order: 'abaaaaa',
    },
    { name: 'keys take turns', line: 'aaaabbbbcc', order: 'abcabcabab' },
  ])('$name', async ({ line, order }) => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    expect((await letAllIn(gate, line.split(''))).join('')).toBe(order);
  });

  test('a key that comes again and again does not pass one that waits', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    expect((await letAllIn(gate, ['a', 'b'])).join('')).toBe('ab');
    expect((await letAllIn(gate, ['c', 'b', 'b', 'a'])).join('')).toBe('cabb');
  });
});

/** Who comes in, one after the other: capitals are last, as a key's batches are. */
async function letIn(line: string): Promise<string> {
  const gate = createGate({ concurrency: 1, ...PATIENT });
  const leaveFirst = await gate.enter('first', stays);
  let order = '';
  const visits = line.split('').map(async (name) => {
    const isLast = name !== name.toLowerCase();
    const leave = await gate.enter(name.toLowerCase(), stays, { isLast });
    order += name;
    await settle();
    leave();
  });
  leaveFirst();
  await Promise.all(visits);
  return order;
}

describe('those who are last', () => {
  test.each([
    ['everything else of the key goes first', 'AAaaa', 'aaaAA'],
    ['keys take turns all the same', 'AAAbbb', 'bAbAbA'],
    ['a key’s own requests do not bring its last ones forward', 'AAabbb', 'abAbAb'],
  ])('%s', async (_, line, order) => {
    expect(await letIn(line)).toBe(order);
  });

  test('are not counted among those who wait, never sent away, and end with the gate', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 1 });
    await gate.enter('a', stays);
    const last = gate.enter('a', stays, { isLast: true });
    const usual = gate.enter('a', stays);
    expect(gate.counts().waiting).toBe(1);
    await expect(usual).rejects.toMatchObject({ code: 'queue-timeout' });
    expect(gate.counts().waiting).toBe(0);
    gate.close();
    await expect(last).rejects.toMatchObject({ code: 'shutting-down' });
  });
});

describe('refusals', () => {
  test('more than maxQueueSize waiting: queue-full, and those before it keep waiting', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 60_000 });
    const leave = await gate.enter('a', stays);
    const second = gate.enter('a', stays);
    await expect(gate.enter('a', stays)).rejects.toMatchObject({
      code: 'queue-full',
      retryAfterSeconds: 2,
    });
    leave();
    await expect(second).resolves.toBeTypeOf('function');
  });

  test('in a full queue the key with the most waiting gives the place of its latest one', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 3, queueTimeoutMs: 60_000 });
    const leave = await gate.enter('greedy', stays);
    const [first, second, third] = Array.from({ length: 3 }, () => gate.enter('greedy', stays));
    const modest = gate.enter('modest', stays);
    await expect(third).rejects.toMatchObject({ code: 'queue-full' });
    await expect(gate.enter('greedy', stays)).rejects.toMatchObject({ code: 'queue-full' });
    await expect(gate.enter('modest', stays)).rejects.toMatchObject({ code: 'queue-full' });
    leave();
    (await modest)();
    (await first)?.();
    (await second)?.();
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('one of each key may always wait', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 60_000 });
    const leave = await gate.enter('a', stays);
    const waiting = ['a', 'b', 'c'].map((keyId) => gate.enter(keyId, stays));
    await expect(gate.enter('b', stays)).rejects.toMatchObject({ code: 'queue-full' });
    expect(gate.counts().waiting).toBe(3);
    leave();
    await Promise.all(waiting.map(async (turn) => (await turn)()));
  });

  test('maxQueueSize 0 still lets in who can start at once', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 0, queueTimeoutMs: 60_000 });
    await gate.enter('a', stays);
    await expect(gate.enter('a', stays)).rejects.toMatchObject({ code: 'queue-full' });
  });

  test('the advice to come back is never over a minute', async () => {
    const gate = createGate({ concurrency: 1, maxQueueSize: 500, queueTimeoutMs: 60_000 });
    for (let visitor = 0; visitor < 501; visitor += 1) stayInLine(gate, 'a');
    await expect(gate.enter('a', stays)).rejects.toMatchObject({ retryAfterSeconds: 60 });
  });

  test('waiting longer than queueTimeoutMs: queue-timeout, and the line is left', async () => {
    vi.useFakeTimers();
    const gate = createGate({ concurrency: 1, maxQueueSize: 10, queueTimeoutMs: 5_000 });
    await gate.enter('a', stays);
    const late = gate.enter('a', stays);
    vi.advanceTimersByTime(4_999);
    expect(gate.counts().waiting).toBe(1);
    vi.advanceTimersByTime(1);
    expect(gate.counts().waiting).toBe(0);
    await expect(late).rejects.toMatchObject({ code: 'queue-timeout', retryAfterSeconds: 2 });
  });

  test('after close: those who wait and those who come get shutting-down, runners stay', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    await gate.enter('a', stays);
    const waiting = gate.enter('a', stays);
    gate.close();
    await expect(waiting).rejects.toMatchObject({ code: 'shutting-down' });
    await expect(gate.enter('a', stays)).rejects.toMatchObject({ code: 'shutting-down' });
    expect(gate.counts()).toEqual({ running: 1, waiting: 0, concurrency: 1 });
  });
});

describe('leaving', () => {
  test('who aborts while waiting gets the reason and leaves the line at once', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const leave = await gate.enter('a', stays);
    const caller = new AbortController();
    const waiting = gate.enter('a', caller.signal);
    const reason = new Error('gone');
    caller.abort(reason);
    expect(gate.counts().waiting).toBe(0);
    await expect(waiting).rejects.toBe(reason);
    leave();
    await settle();
    expect(gate.counts().running).toBe(0);
  });

  test('who aborted before does not even queue', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    await expect(gate.enter('a', AbortSignal.abort('left'))).rejects.toBe('left');
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('however a wait ends, no timer and no listener is left', async () => {
    vi.useFakeTimers();
    const gate = createGate({ concurrency: 1, maxQueueSize: 10, queueTimeoutMs: 5_000 });
    const callers = Array.from({ length: 4 }, () => new AbortController());
    const [first, second, third, fourth] = callers.map(({ signal }) => gate.enter('a', signal));
    (await first)?.();
    await second;
    callers[2]?.abort('left');
    await expect(third).rejects.toBe('left');
    expect(vi.getTimerCount()).toBe(1);
    gate.close();
    await expect(fourth).rejects.toMatchObject({ code: 'shutting-down' });
    expect(vi.getTimerCount()).toBe(0);
    expect(callers.flatMap(({ signal }) => getEventListeners(signal, 'abort'))).toEqual([]);
  });

  test('of 1,000 who wait every second leaves; the others all get their turn', async () => {
    const gate = createGate({ concurrency: 3, maxQueueSize: 1_000, queueTimeoutMs: 60_000 });
    const callers = Array.from({ length: 1_003 }, () => new AbortController());
    let served = 0;
    const visits = callers.map(async ({ signal }, index) => {
      const leave = await gate.enter(`key-${index % 7}`, signal);
      served += 1;
      await settle();
      leave();
    });
    const ends = Promise.allSettled(visits);
    callers.forEach((caller, index) => {
      if (index >= 3 && index % 2 === 1) caller.abort();
    });
    expect(gate.counts()).toEqual({ running: 3, waiting: 500, concurrency: 3 });
    await ends;
    expect(served).toBe(503);
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 3 });
  });
});

describe('withGate', () => {
  test.each<{ name: string; run: Run; read: (caller: AbortController, run: Run) => Promise<void> }>(
    [
      {
        name: 'ends',
        run: twoEvents,
        async read(caller, run) {
          for await (const _event of run(toModelRequest(), caller.signal));
        },
      },
      {
        name: 'throws',
        run: failing,
        async read(caller, run) {
          await expect(readAll(run(toModelRequest(), caller.signal))).rejects.toThrow('broken');
        },
      },
      {
        name: 'is read no further',
        run: twoEvents,
        async read(caller, run) {
          const events = toAnswerEvents(run(toModelRequest(), caller.signal));
          for await (const _event of events) break;
        },
      },
      {
        name: 'is aborted',
        run: untilAborted,
        async read(caller, run) {
          const reading = readAll(run(toModelRequest(), caller.signal));
          await settle();
          caller.abort();
          await expect(reading).rejects.toThrow('aborted');
        },
      },
    ],
  )('a run that $name frees its place for the next one', async ({ run, read }) => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const seen: number[] = [];
    const watched: Run = async function* (request, signal) {
      seen.push(gate.counts().running);
      yield* run(request, signal);
    };
    await read(new AbortController(), withGate(watched, createHeldPlaces(gate)));
    await settle();
    expect(seen).toEqual([1]);
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
    await expect(gate.enter('b', stays)).resolves.toBeTypeOf('function');
  });

  test('what can be begun while a run waits is told of it, and of its end', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const told: string[] = [];
    const run = withGate(twoEvents, createHeldPlaces(gate), ({ caller }) => {
      told.push(`${caller.requestId} waits`);
      return () => told.push(`${caller.requestId} is over`);
    });
    const ask = (requestId: string, signal = stays) =>
      readAll(
        run({ ...toModelRequest(), caller: { ...toModelRequest().caller, requestId } }, signal),
      );
    await ask('placed at once');
    expect(told).toEqual([]);

    const free = await gate.enter('a', stays);
    const caller = new AbortController();
    const leaving = ask('left', caller.signal);
    const served = ask('served');
    await settle();
    expect(told).toEqual(['left waits', 'served waits']);
    caller.abort();
    await expect(leaving).rejects.toThrow('abort');
    expect(told.at(-1)).toBe('left is over');
    free();
    await served;
    expect(told.at(-1)).toBe('served is over');
  });

  test('a run holds its place while its reader takes a break', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const events = withGate(twoEvents, createHeldPlaces(gate))(toModelRequest(), stays)[
      Symbol.asyncIterator
    ]();
    await events.next();
    const second = readAll(withGate(twoEvents, createHeldPlaces(gate))(toModelRequest(), stays));
    await settle();
    expect(gate.counts()).toEqual({ running: 1, waiting: 1, concurrency: 1 });
    await events.return?.();
    expect(await second).toEqual([PLACED, RUN_START, RUN_END]);
  });

  test('a run that nobody reads takes no place', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const events = withGate(twoEvents, createHeldPlaces(gate))(toModelRequest(), stays)[
      Symbol.asyncIterator
    ]();
    await events.return?.();
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('a run that waits for its caller gives its place to others, and has one again for the answer', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const places = createHeldPlaces(gate);
    const answered = Promise.withResolvers<void>();
    const asking: Run = async function* asking() {
      yield RUN_START;
      yield { type: 'plan-review', id: 'inp_1', callId: 'toolu_1', plan: '' };
      await answered.promise;
      yield { type: 'input-settled', id: 'inp_1', decision: 'allow' };
      yield RUN_END;
    };
    const seen: number[] = [];
    const steering = steerThroughGate(
      {
        ...NO_INPUTS.steering,
        answer: async () => {
          seen.push(gate.counts().running);
          answered.resolve();
        },
      },
      places,
    );
    const first = readAll(withGate(asking, places)(toModelRequest(), stays));
    await settle();
    expect(gate.counts()).toMatchObject({ running: 0 });

    const leave = await gate.enter('b', stays);
    const given = steering.answer('request-1', 'inp_1', { decision: 'allow' });
    await settle();
    expect(seen).toEqual([]);
    leave();
    await given;
    expect(seen).toEqual([1]);
    expect(await first).toHaveLength(5);
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('a run that waits for two things holds no place when one of them is told', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const places = createHeldPlaces(gate);
    const told = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const asking: Run = async function* asking() {
      yield RUN_START;
      for (const id of ['0', '1']) yield { type: 'plan-review', id, callId: 'toolu_1', plan: '' };
      for (const id of ['0', '1']) {
        await told[Number(id)]?.promise;
        yield { type: 'input-settled', id, decision: 'allow' };
      }
      await told[1]?.promise;
      yield RUN_END;
    };
    const seen: number[] = [];
    const steering = steerThroughGate(
      {
        ...NO_INPUTS.steering,
        answer: async (_runId, id) => {
          seen.push(gate.counts().running);
          told[Number(id)]?.resolve();
        },
      },
      places,
    );
    const run = readAll(withGate(asking, places)(toModelRequest(), stays));
    await settle();
    await steering.answer('request-1', '0', { decision: 'allow' });
    await settle();
    expect(gate.counts()).toMatchObject({ running: 0, waiting: 0 });
    await steering.answer('request-1', '1', { decision: 'allow' });
    await run;
    expect(seen).toEqual([0, 1]);
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('a run that ends while it waits for its caller holds no place, then or later', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const places = createHeldPlaces(gate);
    const events = withGate(askAndEnd, places)(toModelRequest(), stays)[Symbol.asyncIterator]();
    await events.next();
    await events.next();
    const leave = await gate.enter('b', stays);
    const taking = places.takeAgain('request-1', 'inp_1');
    await events.return?.();
    leave();
    await taking;
    await settle();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('a caller who leaves as the place is given starts nothing and keeps nothing', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const caller = new AbortController();
    const run = vi.fn<Run>(twoEvents);
    const events = withGate(run, createHeldPlaces(gate))(toModelRequest(), caller.signal)[
      Symbol.asyncIterator
    ]();
    const first = events.next();
    expect(gate.counts().waiting).toBe(0);
    caller.abort('left');
    await expect(first).rejects.toBe('left');
    await settle();
    expect(run).not.toHaveBeenCalled();
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });
});

describe('whoever asks for it is told of changes', () => {
  test('of coming, waiting, leaving, giving up, and the end', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    const told = watch(gate);
    const caller = new AbortController();

    const leave = await gate.enter('a', stays);
    expect(told.last).toEqual({ running: 1, waiting: 0, concurrency: 1 });
    const given = gate.enter('a', caller.signal);
    const next = gate.enter('a', stays);
    expect(told.last).toEqual({ running: 1, waiting: 2, concurrency: 1 });
    caller.abort('left');
    await expect(given).rejects.toBe('left');
    expect(told.last).toEqual({ running: 1, waiting: 1, concurrency: 1 });
    leave();
    const leaveNext = await next;
    expect(told.last).toEqual({ running: 1, waiting: 0, concurrency: 1 });
    leaveNext();
    await settle();
    expect(told.last).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });

  test('of those that it sends away', async () => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    await gate.enter('a', stays);
    const waiting = gate.enter('a', stays);
    const told = watch(gate);
    gate.close();
    await expect(waiting).rejects.toMatchObject({ code: 'shutting-down' });
    expect(told.last).toEqual({ running: 1, waiting: 0, concurrency: 1 });
  });
});

describe('countBehindGate', () => {
  test.each([
    ['counts', () => Promise.resolve(7)],
    ['fails', () => Promise.reject(new Error('broken'))],
  ])('a count that %s held a place and frees it', async (_, count) => {
    const gate = createGate({ concurrency: 1, ...PATIENT });
    let running = 0;
    const counted = countBehindGate(() => {
      ({ running } = gate.counts());
      return count();
    }, gate);
    const outcome = await Promise.allSettled([counted(toModelRequest(), stays), count()]);
    await settle();
    expect(outcome[0]).toEqual(outcome[1]);
    expect(running).toBe(1);
    expect(gate.counts()).toEqual({ running: 0, waiting: 0, concurrency: 1 });
  });
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { CliProcess } from '../../src/claude/process/cli-process.ts';
import {
  createSpares,
  type Load,
  type SparesOptions,
  waitUntilUp,
} from '../../src/claude/spares.ts';
import { createFakeProcess } from './chat-request.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;
const PROFILE = { args: [], environment: {}, folder: '/' };

/** How long nobody has to ask before one is started, in milliseconds. */
const QUIET_MS = 100;

function create(changes: Partial<SparesOptions> = {}) {
  const opened: ReturnType<typeof createFakeProcess>[] = [];
  const openProcess = vi.fn<() => Promise<CliProcess>>(async () => {
    const fake = createFakeProcess();
    opened.push(fake);
    return fake.process;
  });
  const spares = createSpares({
    openProcess,
    profile: PROFILE,
    startMs: 1000,
    count: () => 2,
    load: () => 'none',
    loadChanged: () => new Promise(() => {}),
    hasRoom: () => true,
    prepare: waitUntilUp,
    ...changes,
  });
  return { spares, opened, openProcess };
}

/** A load that a test changes. */
function createLoad(first: Load) {
  let now = first;
  let change = Promise.withResolvers<void>();
  return {
    load: vi.fn<() => Load>(() => now),
    loadChanged: () => change.promise,
    async set(next: Load) {
      now = next;
      change.resolve();
      change = Promise.withResolvers();
      await pass(0);
    },
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('as many as wanted are started, one after the other', async () => {
  const { spares, opened } = create();
  await pass(QUIET_MS);
  expect(opened).toHaveLength(1);
  await pass(10 * QUIET_MS);

  expect(opened).toHaveLength(2);
  expect(spares.ready()).toBe(2);
});

test('a taken one is replaced', async () => {
  const { spares, opened } = create();
  await pass(10 * QUIET_MS);
  const { process } = await spares.take(NEVER);
  expect(process).toBe(opened[0]?.process);
  await pass(10 * QUIET_MS);

  expect(opened).toHaveLength(3);
});

test('without one, a process is started at once', async () => {
  const { spares, opened } = create({ count: () => 0 });
  await pass(10 * QUIET_MS);
  expect(opened).toHaveLength(0);

  expect((await spares.take(NEVER)).process).toBe(opened[0]?.process);
});

test('none is started while requests want the processor, or no process may be added', async () => {
  const busy = create({ load: () => 'full' });
  const full = create({ hasRoom: () => false });
  await pass(100 * QUIET_MS);

  expect([busy.opened, full.opened]).toEqual([[], []]);
});

test('nobody looks at the load again until it changes', async () => {
  const source = createLoad('full');
  const { opened } = create(source);
  await pass(60 * 60_000);
  expect(source.load).toHaveBeenCalledTimes(1);
  await source.set('none');
  await pass(QUIET_MS);

  expect(opened).toHaveLength(1);
});

test('a change begins the wait anew', async () => {
  const source = createLoad('none');
  const { opened } = create(source);
  await pass(QUIET_MS - 1);
  await source.set('full');
  await pass(QUIET_MS);
  await source.set('none');
  await pass(QUIET_MS - 1);
  expect(opened).toHaveLength(0);
  await pass(1);

  expect(opened).toHaveLength(1);
});

test('beside a long stream one is started when a place stayed free for a while', async () => {
  const { opened } = create({ load: () => 'some' });
  await pass(2000 - 1);
  expect(opened).toHaveLength(0);
  await pass(1);

  expect(opened).toHaveLength(1);
});

test('what it was told ahead is known', async () => {
  const prepare = vi.fn<SparesOptions['prepare']>(async () => ({ settings: '{}', isBound: true }));
  const { spares, opened } = create({ prepare });
  await pass(QUIET_MS);

  expect(prepare).toHaveBeenCalledExactlyOnceWith(opened[0]?.process);
  expect(await spares.take(NEVER)).toMatchObject({ settings: '{}', isBound: true });
});

test('one that was not started ahead was told nothing', async () => {
  const { spares, opened } = create({ count: () => 0 });

  expect(await spares.take(NEVER)).toMatchObject({ settings: undefined, isBound: false });
  expect(opened[0]?.asked).toEqual([]);
});

test('whether one was there is told', async () => {
  const onTake = vi.fn<(isHit: boolean) => void>();
  const { spares } = create({ count: () => 1, onTake });
  await pass(QUIET_MS);
  await spares.take(NEVER);
  await spares.take(NEVER);

  expect(onTake.mock.calls).toEqual([[true], [false]]);
});

test('one that dies, or waits for an hour, is replaced', async () => {
  const { spares, opened } = create({ count: () => 1 });
  await pass(QUIET_MS);
  opened[0]?.exit('it died');
  await pass(QUIET_MS);
  expect(spares.ready()).toBe(1);
  await pass(60 * 60_000 + QUIET_MS);

  expect(opened).toHaveLength(3);
  expect(opened[1]?.countEnds()).toBe(1);
});

test('all are replaced when the login changed', async () => {
  const { spares, opened } = create();
  await pass(10 * QUIET_MS);
  spares.retire();
  await pass(10 * QUIET_MS);

  expect(opened.map(({ countEnds }) => countEnds())).toEqual([1, 1, 0, 0]);
});

test('a start that fails is not tried again at once', async () => {
  const openProcess = vi.fn<() => Promise<CliProcess>>(() => Promise.reject(new Error('no')));
  create({ openProcess });
  await pass(5000);
  expect(openProcess).toHaveBeenCalledTimes(1);
  await pass(10_000);

  expect(openProcess).toHaveBeenCalledTimes(2);
});

test('one that hangs at its start, or refuses, is ended and tried again later', async () => {
  const hanging = createFakeProcess();
  hanging.process.request = () =>
    new Promise((_, reject) => void hanging.process.exited.then(reject));
  const refusing = createFakeProcess();
  refusing.process.request = () => Promise.reject(new Error('no'));
  const openProcess = vi
    .fn<() => Promise<CliProcess>>(async () => createFakeProcess().process)
    .mockResolvedValueOnce(hanging.process)
    .mockResolvedValueOnce(refusing.process);
  const { spares } = create({ openProcess, count: () => 1 });
  // `AbortSignal.timeout` keeps real time.
  await vi.waitFor(() => expect(hanging.countEnds()).toBeGreaterThan(0), { timeout: 5000 });
  await pass(10_000 + QUIET_MS);
  expect(refusing.countEnds()).toBe(1);
  await pass(10_000 + QUIET_MS);

  expect(spares.ready()).toBe(1);
});

test('one makes room; stopped, none comes after it', async () => {
  const { spares, opened } = create({ count: () => 1 });
  await pass(QUIET_MS);
  spares.stop();

  expect(spares.evict()).toBe(true);
  expect(spares.evict()).toBe(false);
  await pass(10 * QUIET_MS);
  expect(opened).toHaveLength(1);
});

test('where none was wanted until now, the first that is taken begins it', async () => {
  let count = 0;
  const { spares, opened } = create({ count: () => count, onTake: () => (count = 1) });
  await pass(10 * QUIET_MS);
  expect(opened).toHaveLength(0);
  await spares.take(NEVER);
  await pass(10 * QUIET_MS);

  expect(spares.ready()).toBe(1);
});

test('room that is made in a quiet moment is used', async () => {
  let isFull = true;
  const load = createLoad('none');
  const { spares } = create({ ...load, hasRoom: () => !isFull });
  await pass(QUIET_MS);
  isFull = false;
  await load.set('none'); // a process ended, while nobody asks
  await pass(60_000);

  expect(spares.ready()).toBeGreaterThan(0);
});

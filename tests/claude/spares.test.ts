import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { AgentProcess } from '../../src/claude/process/cli-process.ts';
import { createSpares, type Load, type SparesOptions } from '../../src/claude/spares.ts';
import { createFakeProcess } from './chat-request.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;
const PROFILE = { args: [], environment: {}, folder: '/' };

/** Time for a look at the load, in milliseconds. */
const LOOK_MS = 100;

function create({ load = (): Load => 'none', ...changes }: Partial<SparesOptions> = {}) {
  const opened: ReturnType<typeof createFakeProcess>[] = [];
  const openProcess = vi.fn<() => Promise<AgentProcess>>(async () => {
    const fake = createFakeProcess();
    opened.push(fake);
    return fake.process;
  });
  const spares = createSpares({
    openProcess,
    profile: PROFILE,
    startMs: 1000,
    count: 2,
    load,
    hasRoom: () => true,
    foresee: () => undefined,
    ...changes,
  });
  return { spares, opened, openProcess };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('as many as wanted are started, one after the other', async () => {
  const { spares, opened } = create();
  await pass(LOOK_MS);
  expect(opened).toHaveLength(1);
  await pass(10 * LOOK_MS);

  expect(opened).toHaveLength(2);
  expect(spares.ready()).toBe(2);
});

test('a taken one is replaced', async () => {
  const { spares, opened } = create();
  await pass(10 * LOOK_MS);
  const { process } = await spares.take(NEVER);
  expect(process).toBe(opened[0]?.process);
  await pass(10 * LOOK_MS);

  expect(opened).toHaveLength(3);
});

test('without one, a process is started at once', async () => {
  const { spares, opened } = create({ count: 0 });
  await pass(10 * LOOK_MS);
  expect(opened).toHaveLength(0);

  expect((await spares.take(NEVER)).process).toBe(opened[0]?.process);
});

test('none is started while requests want the processor, or no process may be added', async () => {
  const busy = create({ load: () => 'full' });
  const full = create({ hasRoom: () => false });
  await pass(100 * LOOK_MS);

  expect([busy.opened, full.opened]).toEqual([[], []]);
});

test('beside a long stream one is started when a place stayed free for a while', async () => {
  const { opened } = create({ load: () => 'some' });
  await pass(20 * LOOK_MS);
  expect(opened).toHaveLength(0);
  await pass(LOOK_MS);

  expect(opened).toHaveLength(1);
});

test('what the next request will likely want is set ahead', async () => {
  const settings = { model: 'sonnet' };
  const { spares, opened } = create({ foresee: () => settings });
  await pass(LOOK_MS);

  expect(opened[0]?.asked).toEqual([{ subtype: 'apply_flag_settings', settings }]);
  expect(await spares.take(NEVER)).toMatchObject({ settings: JSON.stringify(settings) });
});

test('one that dies, or waits for an hour, is replaced', async () => {
  const { spares, opened } = create({ count: 1 });
  await pass(LOOK_MS);
  opened[0]?.exit('it died');
  await pass(LOOK_MS);
  expect(spares.ready()).toBe(1);
  await pass(60 * 60_000 + LOOK_MS);

  expect(opened).toHaveLength(3);
  expect(opened[1]?.countEnds()).toBe(1);
});

test('all are replaced when the login changed', async () => {
  const { spares, opened } = create();
  await pass(10 * LOOK_MS);
  spares.retire();
  await pass(10 * LOOK_MS);

  expect(opened.map(({ countEnds }) => countEnds())).toEqual([1, 1, 0, 0]);
});

test('a start that fails is not tried again at once', async () => {
  const openProcess = vi.fn<() => Promise<AgentProcess>>(() => Promise.reject(new Error('no')));
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
    .fn<() => Promise<AgentProcess>>(async () => createFakeProcess().process)
    .mockResolvedValueOnce(hanging.process)
    .mockResolvedValueOnce(refusing.process);
  const { spares } = create({ openProcess, count: 1 });
  // `AbortSignal.timeout` keeps real time.
  await vi.waitFor(() => expect(hanging.countEnds()).toBeGreaterThan(0), { timeout: 5000 });
  await pass(10_000 + LOOK_MS);
  expect(refusing.countEnds()).toBe(1);
  await pass(10_000 + LOOK_MS);

  expect(spares.ready()).toBe(1);
});

test('one makes room; stopped, none comes after it', async () => {
  const { spares, opened } = create({ count: 1 });
  await pass(LOOK_MS);
  spares.stop();

  expect(spares.evict()).toBe(true);
  expect(spares.evict()).toBe(false);
  await pass(10 * LOOK_MS);
  expect(opened).toHaveLength(1);
});

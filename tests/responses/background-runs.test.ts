import { expect, test } from 'vitest';

import { createBackgroundRuns } from '../../src/responses/background-runs.ts';
import { describeBackground } from './background-suite.ts';

describeBackground(() => {
  const runs = createBackgroundRuns<string>(60_000); // of one server alone
  return Promise.resolve([runs, runs]);
});

const UNHURRIED = new AbortController().signal;

/** Says `0`, waits until it is let go, then says `1` and `2`. */
function createHeldRun(keepsEvents = true) {
  const gate = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<unknown>();
  return {
    run: {
      id: 'resp_1',
      keepsEvents,
      async *events(signal: AbortSignal) {
        signal.addEventListener('abort', () => gate.reject(signal.reason));
        yield '0';
        try {
          await gate.promise;
        } catch (error) {
          stopped.resolve(error);
          return;
        }
        yield '1';
        yield '2';
      },
    },
    release: gate.resolve,
    stopped: stopped.promise,
  };
}

test('its caller gets the first event and can leave', async () => {
  const { run } = createHeldRun();
  expect(await createBackgroundRuns<string>(60_000).start(run)).toBe('0');
});

test('a run that fails at once tells its caller', async () => {
  const failing = {
    id: 'resp_1',
    keepsEvents: true,
    events: () => {
      throw new Error('no');
    },
  };
  await expect(createBackgroundRuns<string>(60_000).start(failing)).rejects.toThrow('no');
});

test('many can follow it, each from where it wants, until it is over', async () => {
  const runs = createBackgroundRuns<string>(60_000);
  const { run, release } = createHeldRun();
  await runs.start(run);
  const all = (await runs.follow('resp_1', -1, UNHURRIED))?.[Symbol.asyncIterator]();
  const rest = Array.fromAsync((await runs.follow('resp_1', 0, UNHURRIED)) ?? []);
  expect(await all?.next()).toEqual({ done: false, value: '0' });
  const next = all?.next();
  release();
  expect(await next).toEqual({ done: false, value: '1' });
  expect(await rest).toEqual(['1', '2']);
  expect(await runs.follow('resp_1', -1, UNHURRIED)).toBeUndefined();
});

test('who leaves ends only the following', async () => {
  const runs = createBackgroundRuns<string>(60_000);
  const { run, release } = createHeldRun();
  await runs.start(run);
  const leaving = new AbortController();
  const heard = Array.fromAsync((await runs.follow('resp_1', -1, leaving.signal)) ?? []);
  leaving.abort();
  expect(await heard).toEqual(['0']);
  const rest = Array.fromAsync((await runs.follow('resp_1', 0, UNHURRIED)) ?? []);
  release();
  expect(await rest).toEqual(['1', '2']);
});

test('a run that keeps no events cannot be followed', async () => {
  const runs = createBackgroundRuns<string>(60_000);
  await runs.start(createHeldRun(false).run);
  expect(await runs.follow('resp_1', -1, UNHURRIED)).toBeUndefined();
});

test('it is told the reason for which it is ended; ending what does not run does no harm', async () => {
  const runs = createBackgroundRuns<string>(60_000);
  const { run, stopped } = createHeldRun();
  await runs.start(run);
  const reason = new Error('enough');
  await runs.end('resp_1', reason);
  expect(await stopped).toBe(reason);
  await runs.end('resp_1', reason);
  await runs.endAll(reason);
});

test('it is told to stop when its time is up', async () => {
  const { run, stopped } = createHeldRun();
  await createBackgroundRuns<string>(1).start(run);
  expect(await stopped).toMatchObject({ name: 'TimeoutError' });
});

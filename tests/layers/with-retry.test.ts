import { expect, test } from 'vitest';

import type { Run, RunEvent, RunProgress, RunRequest } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { withRetry } from '../../src/layers/with-retry.ts';

const EVENT: RunEvent = { type: 'part-start', index: 0, part: { type: 'text' } };
const DIED = new RunError('cli-failed', 'It died.');

/** A run that does one of these in turn: fails, or says an event and then fails if told so. */
function scripted(...turns: { before?: Error; after?: Error }[]) {
  const calls = { count: 0 };
  const run: Run = async function* turn() {
    const { before, after } = turns[calls.count] ?? {};
    calls.count += 1;
    if (before) throw before;
    yield EVENT;
    if (after) throw after;
  };
  return { calls, run: withRetry(run, { maxRetries: 2, firstDelayMs: 1 }) };
}

async function read(run: Run, { isAgent = false, signal = new AbortController().signal } = {}) {
  // Only `agent` is read here.
  const request = { agent: isAgent ? {} : undefined } as RunRequest;
  const events: (RunEvent | RunProgress)[] = [];
  let failure: unknown;
  try {
    for await (const event of run(request, signal)) events.push(event);
  } catch (error) {
    failure = error;
  }
  return { events, failure };
}

test('what died before it said anything is run again, and the answer comes once', async () => {
  const { run, calls } = scripted({ before: DIED }, {});
  expect(await read(run)).toEqual({ events: [EVENT], failure: undefined });
  expect(calls.count).toBe(2);
});

test('what dies every time fails with its own error after the last try', async () => {
  const { run, calls } = scripted({ before: DIED }, { before: DIED }, { before: DIED }, {});
  expect((await read(run)).failure).toBe(DIED);
  expect(calls.count).toBe(3);
});

test('what died after it said something is not run again', async () => {
  const { run, calls } = scripted({ after: DIED }, {});
  expect(await read(run)).toEqual({ events: [EVENT], failure: DIED });
  expect(calls.count).toBe(1);
});

test.each([
  new RunError('rate-limited', 'Too many.'),
  new RunError('upstream-failed', 'It failed.'),
  new TypeError('a mistake of ours'),
])('another failure is not run again: %s', async (error) => {
  const { run, calls } = scripted({ before: error }, {});
  expect((await read(run)).failure).toBe(error);
  expect(calls.count).toBe(1);
});

test('an agent is not run again: its session may exist by now', async () => {
  const { run, calls } = scripted({ before: DIED }, {});
  expect((await read(run, { isAgent: true })).failure).toBe(DIED);
  expect(calls.count).toBe(1);
});

test('a caller who leaves ends the waiting', async () => {
  const left = new Error('left');
  const { run, calls } = scripted({ before: DIED }, {});
  expect((await read(run, { signal: AbortSignal.abort(left) })).failure).toBe(left);
  expect(calls.count).toBe(1);
});

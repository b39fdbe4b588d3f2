import { once } from 'node:events';

import { expect, test } from 'vitest';

import { createLiveRuns } from '../../src/observation/live-runs.ts';
import type { RunObserver, RunRecord } from '../../src/observation/run-record.ts';
import { withObservation } from '../../src/layers/with-observation.ts';
import { RunError } from '../../src/run-error.ts';
import type { Run } from '../../src/run.ts';
import { toChatRequest } from '../claude/chat-request.ts';
import { END, START, sayWords } from '../observation/runs.ts';

const signal = new AbortController().signal;
const request = toChatRequest();

test('a record tells who asked what of whom, and how it went', async () => {
  const clock = createClock();
  const record = await observe(sayWords(clock.pass), { now: clock.now });
  expect(record).toMatchObject({
    id: request.caller.requestId,
    keyId: request.caller.keyId,
    dialect: 'openai-chat',
    isAgent: false,
    requestedModel: 'sonnet',
    model: 'claude-sonnet-5-5',
    reachedMs: { placed: 10, bound: 20 },
    firstTokenMs: 30,
    totalMs: 40,
    usage: { input: 3, output: 7 },
    characters: 12,
    outcome: 'stop',
    failure: undefined,
  });
});

test('a failure is its code, an unknown one is `internal`', async () => {
  const failure = new RunError('overloaded', 'Too much.');
  expect(await observe(toFailing(failure))).toMatchObject({ outcome: 'overloaded', failure });
  expect(await observe(toFailing(new TypeError('x')))).toMatchObject({ outcome: 'internal' });
  const late = AbortSignal.timeout(0);
  expect(await observe(waitFor(late))).toMatchObject({ outcome: 'timeout' });
});

test('who stops reading before the end has cancelled it', async () => {
  const ended = Promise.withResolvers<Readonly<RunRecord>>();
  const run = withObservation(sayWords(), { ended: ended.resolve }, { dialect: 'direct' });
  for await (const event of run(request, signal)) if (event.type === 'part-delta') break;
  expect(await ended.promise).toMatchObject({
    outcome: 'cancelled',
    firstTokenMs: expect.any(Number),
  });
});

test('who stops reading at the end has its answer', async () => {
  const ended = Promise.withResolvers<Readonly<RunRecord>>();
  const run = withObservation(sayWords(), { ended: ended.resolve }, { dialect: 'direct' });
  for await (const event of run(request, signal)) if (event.type === 'run-end') break;
  expect(await ended.promise).toMatchObject({ outcome: 'stop' });
});

test('the operator stops a run, whose caller is told', async () => {
  const live = createLiveRuns();
  const run = withObservation(holdUntilAborted, live.observer, { dialect: 'direct' });
  const events = run(request, signal)[Symbol.asyncIterator]();
  await events.next();
  expect(live.list()).toMatchObject([{ id: request.caller.requestId, outcome: undefined }]);

  expect(live.stop('another')).toBe(false);
  expect(live.stop(request.caller.requestId)).toBe(true);
  await expect(events.next()).rejects.toMatchObject({
    code: 'cancelled',
    message: 'The operator of this server stopped the request.',
  });
  expect(live.list()).toEqual([]);
  expect(live.recent()).toMatchObject([{ outcome: 'cancelled' }]);
});

test('the list remembers the last ones only, the newest first', async () => {
  const live = createLiveRuns({ keepRecent: 2 });
  for (const requestId of ['one', 'two', 'three']) {
    const named = { ...request, caller: { ...request.caller, requestId } };
    await readAll(withObservation(sayWords(), live.observer, { dialect: 'direct' })(named, signal));
  }
  expect(live.recent().map(({ id }) => id)).toEqual(['three', 'two']);
});

async function observe(run: Run, { now }: { now?: () => number } = {}) {
  const ended: Readonly<RunRecord>[] = [];
  const observer: RunObserver = { ended: (record) => void ended.push(record) };
  const observed = withObservation(run, observer, { dialect: 'openai-chat', ...(now && { now }) });
  await readAll(observed(request, signal)).catch(() => undefined);
  expect(ended).toHaveLength(1);
  return ended[0];
}

async function readAll(events: ReturnType<Run>) {
  for await (const _ of events);
}

function createClock() {
  let time = 1000;
  return {
    now: () => time,
    pass: () => {
      time += 10;
    },
  };
}

function toFailing(error: Error): Run {
  return async function* failing() {
    yield START;
    throw error;
  };
}

function waitFor(late: AbortSignal): Run {
  return async function* waiting() {
    yield START;
    if (!late.aborted) await once(late, 'abort');
    throw late.reason;
  };
}

const holdUntilAborted: Run = async function* hold(_request, stopped) {
  yield START;
  if (!stopped.aborted) await once(stopped, 'abort');
  stopped.throwIfAborted();
  yield END;
};

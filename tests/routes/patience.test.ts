import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { RunError } from '../../src/run-error.ts';
import { CALL_NAMES, CALLS, type CallName } from '../support/calls.ts';
import { createTestApp, post, sayHello } from '../support/create-test-app.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each(CALL_NAMES)(
  '%s: a stream is answered after 20 s, and shows every 10 s that it lives',
  async (call) => {
    const { release, answer } = stream(call);
    await vi.advanceTimersByTimeAsync(19_999);
    expect(await isSettled(answer)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const response = await answer;
    expect(response.status).toBe(200);

    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    // A comment: the clients of no API read it as an event.
    for (let seconds = 10; seconds <= 30; seconds += 10) {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await reader?.read()).toEqual({ done: false, value: ': keepalive\n\n' });
    }
    release.resolve();
    let rest = '';
    for (let step = await reader?.read(); step && !step.done; step = await reader?.read()) {
      rest += step.value;
    }
    expect(rest).toContain('Hello.');
    expect(rest).not.toContain('keepalive');
  },
);

test.each(CALL_NAMES)('%s: what fails within 20 s is a status', async (call) => {
  const { release, answer } = stream(call);
  await vi.advanceTimersByTimeAsync(19_999);
  release.reject(new RunError('overloaded', 'Busy.'));
  expect((await answer).status).toBeGreaterThanOrEqual(500);
});

test.each(CALL_NAMES)('%s: what fails later is the last event', async (call) => {
  const { release, answer } = stream(call);
  await vi.advanceTimersByTimeAsync(20_000);
  release.reject(new RunError('overloaded', 'Busy.'));
  const response = await answer;
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain('Busy.');
  expect(text).not.toContain('[DONE]');
});

test('as lines, a blank in front of the next one shows that it lives', async () => {
  const { answer } = stream('agent runs', { accept: 'application/x-ndjson' });
  await vi.advanceTimersByTimeAsync(20_000);
  const reader = (await answer).body?.pipeThrough(new TextDecoderStream()).getReader();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await reader?.read()).toEqual({ done: false, value: ' ' });
});

/** A streamed request whose run says nothing until it is released. */
function stream(call: CallName, headers: Record<string, string> = {}) {
  const release = Promise.withResolvers<void>();
  const app = createTestApp({
    settings: { requestTimeoutMs: 290_000 },
    run: async function* wait(request, signal) {
      await release.promise;
      yield* sayHello(request, signal);
    },
  });
  const { path, toBody } = CALLS[call];
  return { release, answer: post(app, path, { ...toBody('Hi'), stream: true }, headers) };
}

async function isSettled(promise: Promise<unknown>) {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

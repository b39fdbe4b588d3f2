import { afterEach, expect, test, vi } from 'vitest';

import { createHistoryPace } from '../../../../src/claude/chat/histories/history-pace.ts';

afterEach(() => void vi.useRealTimers());

/** Notes the same figures so often that they count. */
function createTaught(replayedMs: number, resumedMs: number) {
  const pace = createHistoryPace();
  for (let index = 0; index < 3; index += 1) {
    pace.noteReplayed(10, 10 * replayedMs);
    pace.noteResumed(resumedMs);
  }
  return pace;
}

test('until both ways were taken three times, 75 messages are replayed', () => {
  const pace = createHistoryPace();
  for (let index = 0; index < 3; index += 1) pace.noteReplayed(10, 100);
  pace.noteResumed(500);
  pace.noteResumed(500);
  expect(pace.mostReplayed()).toBe(75);
  pace.noteResumed(500);
  expect(pace.mostReplayed()).toBe(50);
});

test('then as many as are replayed while a process starts and reads', () => {
  const pace = createTaught(10, 500);
  expect(pace.mostReplayed()).toBe(50);
  pace.noteReplayed(0, 3);
  expect(pace.mostReplayed()).toBe(50);
  for (let index = 0; index < 3; index += 1) pace.noteReplayed(20, 100);
  expect(pace.mostReplayed()).toBe(100);
});

test('one slow moment, or two, change nothing', () => {
  const pace = createTaught(10, 500);
  pace.noteReplayed(1, 60_000);
  pace.noteResumed(60_000);
  expect(pace.mostReplayed()).toBe(50);
  pace.noteReplayed(1, 60_000);
  pace.noteResumed(60_000);
  expect(pace.mostReplayed()).toBe(50);
});

test('no odd hour makes the server replay a thousand, or start a process for three', () => {
  expect(createTaught(1, 60_000).mostReplayed()).toBe(300);
  expect(createTaught(60_000, 1).mostReplayed()).toBe(20);
});

test('what was learnt in another hour is forgotten', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const pace = createTaught(10, 500);
  vi.advanceTimersByTime(61 * 60_000);
  expect(pace.mostReplayed()).toBe(75);
});

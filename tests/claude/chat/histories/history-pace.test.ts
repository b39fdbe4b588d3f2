import { afterEach, expect, test, vi } from 'vitest';

import { createHistoryPace } from '../../../../src/claude/chat/histories/history-pace.ts';

afterEach(() => void vi.useRealTimers());

test('until both ways were taken, 75 messages are replayed', () => {
  const pace = createHistoryPace();
  pace.noteReplayed(10, 100);
  expect(pace.mostReplayed()).toBe(75);
});

test('then as many as are replayed while a process starts and reads', () => {
  const pace = createHistoryPace();
  pace.noteReplayed(10, 100);
  pace.noteResumed(500);
  expect(pace.mostReplayed()).toBe(50);
  pace.noteReplayed(0, 3);
  expect(pace.mostReplayed()).toBe(50);
  for (let index = 0; index < 20; index += 1) pace.noteReplayed(20, 100);
  expect(pace.mostReplayed()).toBeGreaterThan(90);
});

test('no odd moment makes the server replay a thousand, or start a process for three', () => {
  const pace = createHistoryPace();
  pace.noteReplayed(1, 1);
  pace.noteResumed(60_000);
  expect(pace.mostReplayed()).toBe(300);
  for (let index = 0; index < 40; index += 1) pace.noteReplayed(1, 60_000);
  expect(pace.mostReplayed()).toBe(20);
});

test('what was learnt in another hour is forgotten', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const pace = createHistoryPace();
  pace.noteReplayed(10, 100);
  pace.noteResumed(500);
  vi.advanceTimersByTime(61 * 60_000);
  expect(pace.mostReplayed()).toBe(75);
});

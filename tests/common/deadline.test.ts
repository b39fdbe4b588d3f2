import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createDeadline } from '../../src/common/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const NEVER = new AbortController().signal;

test('it aborts when its time is over', () => {
  const { signal } = createDeadline(1000, NEVER);
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
});

test('it aborts with the other signal, also one that has aborted before', () => {
  const left = new AbortController();
  const { signal } = createDeadline(1000, left.signal);
  left.abort('gone');
  expect(signal.reason).toBe('gone');
  expect(createDeadline(1000, left.signal).signal.reason).toBe('gone');
});

test('its time stands still while it is paused', () => {
  const { signal, pause, resume, end } = createDeadline(1000, NEVER);
  vi.advanceTimersByTime(600);
  pause();
  pause();
  vi.advanceTimersByTime(5000);
  resume();
  resume();
  vi.advanceTimersByTime(399);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.aborted).toBe(true);
  end();
  resume();
  expect(vi.getTimerCount()).toBe(0);
});

test('behind its end nothing of it is left', () => {
  const left = new AbortController();
  const { signal, end } = createDeadline(1000, left.signal);
  end();
  expect(vi.getTimerCount()).toBe(0);
  left.abort();
  expect(signal.aborted).toBe(false);
});

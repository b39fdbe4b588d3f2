import { expect, test, vi } from 'vitest';

import { createWorkload, toLoad } from '../../src/claude/workload.ts';

const IDLE = { running: 0, waiting: 0, concurrency: 2 };

test.each([
  ['nobody asks', {}, 0, 'none'],
  ['a place is free', { running: 1 }, 0, 'some'],
  ['all places are taken', { running: 2 }, 0, 'full'],
  ['somebody waits', { running: 1, waiting: 1 }, 0, 'full'],
  ["a caller's tools are at work", {}, 1, 'some'],
  ["a caller's tools are at work, and all places are taken", { running: 2 }, 1, 'full'],
] as const)('when %s', (_, queue, suspended, load) => {
  expect(toLoad({ ...IDLE, ...queue }, suspended)).toBe(load);
});

test('it is what it is at the moment', () => {
  let running = 0;
  const workload = createWorkload({
    queue: () => ({ ...IDLE, running }),
    suspended: () => 0,
    onChange: () => {},
  });
  expect(workload.load()).toBe('none');
  running = 2;
  expect(workload.load()).toBe('full');
});

test('who waits is told of the next change, be it of the queue or of anything else', async () => {
  const onChange = vi.fn<(listener: () => void) => void>();
  const workload = createWorkload({ queue: () => IDLE, suspended: () => 0, onChange });
  const noteQueue = () => onChange.mock.calls[0]?.[0]();
  const told = vi.fn<() => void>();
  for (const note of [noteQueue, workload.noteChange]) {
    const change = workload.changed().then(told);
    await Promise.resolve();
    expect(told).not.toHaveBeenCalled();
    note();
    await change;
    told.mockClear();
  }
});

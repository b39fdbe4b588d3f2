import { afterEach, expect, test, vi } from 'vitest';

import { createIdlePool } from '../../src/claude/idle-pool.ts';
import { createFakeProcess } from './chat-request.ts';

afterEach(() => {
  vi.useRealTimers();
});

type Fake = ReturnType<typeof createFakeProcess>;

const settle = () => new Promise((resolve) => setImmediate(resolve));

function create() {
  const onChange = vi.fn<() => void>();
  const pool = createIdlePool<Fake>((fake) => fake.process, { onChange });
  return { pool, onChange };
}

test('the one that has been idle longest is evicted first, and ended', () => {
  const { pool } = create();
  const [older, newer] = [createFakeProcess(), createFakeProcess()];
  pool.add(older, 1000);
  pool.add(newer, 1000);

  expect(pool.evict()).toBe(true);
  expect([older.countEnds(), newer.countEnds()]).toEqual([1, 0]);
  expect(pool.items()).toEqual([newer]);
});

test('one that was taken out is not ended when its time is over', async () => {
  vi.useFakeTimers();
  const { pool } = create();
  const [taken, left] = [createFakeProcess(), createFakeProcess()];
  pool.add(taken, 1000);
  pool.add(left, 1000);
  expect([pool.remove(taken), pool.remove(taken)]).toEqual([true, false]);
  await vi.advanceTimersByTimeAsync(1000);

  expect([taken.countEnds(), left.countEnds()]).toEqual([0, 1]);
});

test('one whose process exited is dropped, and does not come back', async () => {
  const { pool, onChange } = create();
  const fake = createFakeProcess();
  pool.add(fake, 1000);
  fake.exit('it died');
  await settle();
  expect(pool.size()).toBe(0);
  expect(onChange).toHaveBeenCalledTimes(2);
  pool.add(fake, 1000);

  expect(pool.size()).toBe(0);
});

import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createSessionLocks } from '../../src/sessions/session-locks.ts';

test('who comes second waits until the first one lets go', async () => {
  const locks = createSessionLocks();
  const order: string[] = [];
  const release = await locks.acquire('id', undefined);
  const second = locks.acquire('id', undefined).then((releaseSecond) => {
    order.push('second is in');
    return releaseSecond;
  });
  const third = locks.acquire('id', undefined).then(() => order.push('third is in'));
  await locks.acquire('other id', undefined);
  order.push('first goes');
  release();
  release();
  const releaseSecond = await second;
  order.push('second goes');
  releaseSecond();
  await third;
  expect(order).toEqual(['first goes', 'second is in', 'second goes', 'third is in']);
});

test('who leaves while waiting gets the reason, and is passed over', async () => {
  const locks = createSessionLocks();
  const caller = new AbortController();
  const release = await locks.acquire('id', undefined);
  const second = locks.acquire('id', caller.signal);
  const third = locks.acquire('id', undefined);
  caller.abort('left');
  await expect(second).rejects.toBe('left');
  release();
  (await third)();
  expect(locks.isHeld('id')).toBe(false);
});

test('who left before gets nothing', async () => {
  const locks = createSessionLocks();
  await expect(locks.acquire('id', AbortSignal.abort('left'))).rejects.toBe('left');
  expect(locks.isHeld('id')).toBe(false);
});

test('trying takes a free lock, and no other', () => {
  const locks = createSessionLocks();
  const release = locks.tryAcquire('id');
  expect(locks.tryAcquire('id')).toBeUndefined();
  release?.();
  expect(locks.tryAcquire('id')).toBeTypeOf('function');
});

test('no listener is left on the signal of who waited', async () => {
  const locks = createSessionLocks();
  const { signal } = new AbortController();
  const release = await locks.acquire('id', signal);
  const second = locks.acquire('id', signal);
  release();
  await second;
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

import { expect, test } from 'vitest';

import { removeExpired } from '../../src/server/remove-expired.ts';

const full = () => Object.assign(new Error('database or disk is full'), { errcode: 13 });

test('what cannot be removed is logged; the server goes on, and the rest is removed', async () => {
  const logged: unknown[] = [];
  const removed: string[] = [];
  const removals = [
    () => {
      throw full();
    },
    () => Promise.reject(full()),
    async () => void removed.push('sessions'),
    () => void removed.push('runs'),
  ];
  await removeExpired(removals, { error: (...line: unknown[]) => void logged.push(line) });

  expect(removed).toEqual(['sessions', 'runs']);
  const line = [{ err: full() }, 'what is old could not be removed'];
  expect(logged).toEqual([line, line]);
});

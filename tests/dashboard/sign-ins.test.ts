import { expect, test } from 'vitest';

import { createSignIns } from '../../src/dashboard/sign-in/sign-ins.ts';

test('a sign-in ends after its time', () => {
  let time = 0;
  const signIns = createSignIns({ ttlMs: 1000, now: () => time });
  const id = signIns.add('key');
  time = 999;
  expect(signIns.find(id)).toBe('key');
  time = 1000;
  expect(signIns.find(id)).toBeUndefined();
});

test('there is room for so many, and the oldest goes first', () => {
  const signIns = createSignIns({ most: 2 });
  const ids = ['one', 'two', 'three'].map((key) => signIns.add(key));
  expect(ids.map((id) => signIns.find(id))).toEqual([undefined, 'two', 'three']);
});

test('no id can be guessed from another one', () => {
  const signIns = createSignIns();
  expect(signIns.add('key')).not.toBe(signIns.add('key'));
  expect(signIns.find('')).toBeUndefined();
});

import { expect, test } from 'vitest';

import { createSignIns } from '../../src/dashboard/sign-in/sign-ins.ts';
import { describeSignIns } from './sign-ins-suite.ts';

describeSignIns(() => {
  const signIns = createSignIns(); // of one server alone
  return Promise.resolve([signIns, signIns]);
});

test('a sign-in ends after its time', async () => {
  let time = 0;
  const signIns = createSignIns({ ttlMs: 1000, now: () => time });
  const id = await signIns.add('key');
  time = 999;
  expect(await signIns.find(id)).toBe('key');
  time = 1000;
  expect(await signIns.find(id)).toBeUndefined();
});

test('there is room for so many, and the oldest goes first', async () => {
  const signIns = createSignIns({ most: 2 });
  const ids: string[] = [];
  for (const key of ['one', 'two', 'three']) ids.push(await signIns.add(key));
  const found = await Promise.all(ids.map((id) => signIns.find(id)));
  expect(found).toEqual([undefined, 'two', 'three']);
});

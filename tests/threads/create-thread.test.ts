import { expect, test } from 'vitest';

import { createThread } from '../../src/threads/create-thread.ts';

const open = (name: string) =>
  createThread({ module: new URL(name, import.meta.url), limitMs: 1000 });

test('a thread that comes up slowly takes none of the time of its task', async () => {
  const ask = open('slow-thread');
  expect(await Promise.all([ask('one'), ask('two')])).toEqual(['ONE', 'TWO']);
});

test.each([
  ['for ever', 'It takes too long.'],
  ['end', 'The thread ended.'],
  ['throw', 'No.'],
])('after the task "%s" the next one is done', async (word, message) => {
  const ask = open('willing-thread');
  const failed = ask(word);
  const next = ask('next');
  await expect(failed).rejects.toThrow(message);
  expect(await next).toBe('NEXT');
});

test('a thread that does not come up is one failure', async () => {
  const ask = open('not-there');
  await expect(ask('one')).rejects.toThrow('The thread broke.');
});

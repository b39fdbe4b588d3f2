import { serveThread } from '../../src/threads/serve-thread.ts';

serveThread((word: string) => {
  if (word === 'for ever') for (;;);
  if (word === 'end') process.exit(1);
  if (word === 'throw') throw new Error('No.');
  return word.toUpperCase();
});

import { serveThread } from '../../src/threads/serve-thread.ts';

/** Longer than the test lets a task take. */
const until = performance.now() + 1200;
while (performance.now() < until);

serveThread((word: string) => word.toUpperCase());

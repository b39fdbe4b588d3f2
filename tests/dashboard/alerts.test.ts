import { expect, test } from 'vitest';

import { CLI_STATUS, createTestApp, get } from '../support/create-test-app.ts';
import { openSignedIn } from '../support/open-signed-in.ts';

test('a server that is well alarms nobody', async () => {
  expect((await (await get(createTestApp(), '/dashboard/alerts')).text()).trim()).toBe('');
});

test.each([
  [{ isCountedInMemory: () => true }, 'counted in memory only', 'make room'],
  [{ isDraining: () => true }, 'The server stops', 'start it again'],
  [
    { queue: () => ({ waiting: 10, running: 2, concurrency: 2 }) },
    'The queue is full',
    'WORKER_CONCURRENCY',
  ],
  [
    { readCliStatus: () => Promise.resolve({ ...CLI_STATUS, isLoggedIn: false }) },
    'not logged in',
    '<code>/login</code>',
  ],
  [{ readCliStatus: () => Promise.reject(new Error('no CLI')) }, 'does not tell', 'doctor'],
])('%o is told of on every page, with what to do', async (health, what, todo) => {
  for (const path of ['/', '/keys']) {
    const text = await openSignedIn(createTestApp({ health }), path);
    expect(text).toContain('role="alert"');
    expect(text).toContain(what);
    expect(text).toContain(todo);
  }
});

import { expect, test } from 'vitest';

import { CLI_STATUS, createTestApp, get } from '../support/create-test-app.ts';
import { openSignedIn } from '../support/open-signed-in.ts';

const WEEK = { window: 'seven_day', resetsAtMs: Date.parse('2026-12-01T09:30:00Z') };

test('a server that is well alarms nobody', async () => {
  expect((await (await get(createTestApp(), '/dashboard/alerts')).text()).trim()).toBe('');
});

test.each([
  [{ isCountedInMemory: () => true }, 'counted in memory only', 'make room'],
  [{ isDraining: () => true }, 'The server stops', 'start the server again'],
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
  [
    { planLimits: () => [{ ...WEEK, used: 0.876, isReached: false }] },
    'The plan&#39;s weekly limit is 87\u00A0% used up; it begins anew at 2026-12-01 09:30 UTC.',
    'Put off what can wait',
  ],
  [
    { planLimits: () => [{ ...WEEK, used: 1, isReached: true }] },
    'is 100\u00A0% used up',
    '<code>ANTHROPIC_API_KEY</code>',
  ],
  [{ cliVersion: '2.1.3' }, 'The claude CLI is version 2.1.3', '<code>claude update</code>'],
  [{ cliVersion: '3.0.1' }, 'tried with 2.1.280 to', 'doctor'],
])('%o is told of on every page, with what to do', async (health, what, todo) => {
  for (const path of ['/', '/keys']) {
    const text = await openSignedIn(createTestApp({ health }), path);
    expect(text).toContain('role="alert"');
    expect(text).toContain(what);
    expect(text).toContain(todo);
  }
});

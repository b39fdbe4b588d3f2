import { expect, test } from 'vitest';

import { CLI_STATUS, createTestApp } from '../support/create-test-app.ts';

const FULL = { window: 'five_hour', used: 1, isReached: true, resetsAtMs: Date.now() + 60_000 };

test('is a 200 while a request would be carried out, without a key', async () => {
  const response = await createTestApp().request('/ready');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ready', reasons: [], warnings: [] });
});

test.each([
  ['draining', { isDraining: () => true }],
  ['queue-full', { queue: () => ({ waiting: 10, running: 2, concurrency: 2 }) }],
  ['not-logged-in', { readCliStatus: () => Promise.resolve({ ...CLI_STATUS, isLoggedIn: false }) }],
  ['cli-silent', { readCliStatus: () => Promise.reject(new Error('no CLI')) }],
])('is a 503 that says %s', async (reason, health) => {
  const response = await createTestApp({ health }).request('/ready');
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ status: 'not-ready', reasons: [reason], warnings: [] });
});

test.each([
  ['limits-in-memory', { isCountedInMemory: () => true }],
  ['nothing-stored', { isStored: () => false }],
  ['plan-limit-near', { planLimits: () => [{ ...FULL, used: 0.8, isReached: false }] }],
  ['plan-limit-reached', { planLimits: () => [FULL] }],
  ['cli-outdated', { cliVersion: '2.1.279' }],
  ['cli-untried', { cliVersion: '2.2.0' }],
  ['cli-untried', { cliVersion: '10.0.0' }],
  [
    'cli-outdated', // a CLI that was replaced while the server runs
    { readCliStatus: () => Promise.resolve({ ...CLI_STATUS, version: '2.0.99' }) },
  ],
])('warns of %s, and is ready all the same', async (warning, health) => {
  const response = await createTestApp({ health }).request('/ready');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ warnings: [warning] });
});

test.each([
  [
    'a plan of which a good part is left',
    { planLimits: () => [{ ...FULL, used: 0.79, isReached: false }] },
  ],
  ['the oldest CLI that works', { cliVersion: '2.1.280' }],
  ['a later CLI of a tried series', { cliVersion: '2.1.1999' }],
  ['a CLI whose version is no number', { cliVersion: 'installed' }],
])('warns of nothing with %s', async (_what, health) => {
  const response = await createTestApp({ health }).request('/ready');
  expect(await response.json()).toMatchObject({ warnings: [] });
});

test('tells all reasons at once, and is alive all the same', async () => {
  const app = createTestApp({
    health: {
      isDraining: () => true,
      queue: () => ({ waiting: 10, running: 2, concurrency: 2 }),
    },
  });
  expect(await (await app.request('/ready')).json()).toMatchObject({
    reasons: ['draining', 'queue-full'],
  });
  expect((await app.request('/health')).status).toBe(200);
});

test('a queue of no length is full only when there is no place either', async () => {
  const health = { maxQueueSize: 0, queue: () => ({ waiting: 0, running: 1, concurrency: 2 }) };
  expect((await createTestApp({ health }).request('/ready')).status).toBe(200);
});

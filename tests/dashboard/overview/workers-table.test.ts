import { expect, test } from 'vitest';

import { workersTable } from '../../../src/dashboard/overview/workers-table.ts';

const WORKER = {
  id: 'home-1.start-1',
  host: 'one.internal',
  version: '1.2.3',
  places: 2,
  running: 1,
  isDraining: false,
  loggedIn: true,
  account: 'ana@example.com',
  tags: ['gpu', 'account:ana@example.com'],
  cliVersion: '2.1.330',
  seenAt: '2026-11-28T10:00:00Z',
};

test('a worker, what it has, and what can be done to it', async () => {
  const text = await toText({ isConnected: true, workers: [WORKER] });
  for (const shown of ['one.internal', '1 of 2', 'gpu, account:ana@example.com', 'takes requests'])
    expect(text).toContain(shown);
  expect(text).toContain('data-patch="/api/admin/workers/home-1.start-1"');
  expect(text).toContain('data-body="{&quot;isDraining&quot;:true}"');
  expect(text).toContain('data-delete="/api/admin/workers/home-1.start-1"');
});

test('one that drains can be used again', async () => {
  const text = await toText({ isConnected: true, workers: [{ ...WORKER, isDraining: true }] });
  expect(text).toContain('draining');
  expect(text).toContain('data-body="{&quot;isDraining&quot;:false}"');
});

test.each([
  [{ isConnected: true, workers: [] }, 'No worker is there.'],
  [{ isConnected: false, workers: [WORKER] }, 'Redis does not answer.'],
  [{ isConnected: true, workers: [{ ...WORKER, loggedIn: false }] }, 'not logged in'],
  [{ isConnected: true, workers: [{ ...WORKER, loggedIn: null }] }, 'not known yet'],
])('%j', async (cluster, shown) => {
  expect(await toText(cluster)).toContain(shown);
});

async function toText(cluster: Parameters<typeof workersTable>[0]) {
  return String(await workersTable(cluster));
}

import { expect, test } from 'vitest';

import { findHolder } from '../../src/cluster/front/find-holder.ts';
import { createClusterWatch } from '../../src/cluster/front/watch-cluster.ts';
import type { WorkerFacts } from '../../src/cluster/worker-list.ts';

const FACTS: WorkerFacts = {
  id: 'folder.start',
  host: 'here',
  version: '0',
  wire: 1,
  places: 1,
  running: 0,
  isDraining: false,
  loggedIn: true,
  account: null,
  cliVersion: '0',
  processes: { running: 0, ready: 0, kept: 0, suspended: 0 },
  mostWaiting: 1,
  tags: [],
  planLimits: [],
  seenAt: 0,
};

function watch(facts: Partial<WorkerFacts> = {}) {
  const watched = createClusterWatch(1);
  watched.note([{ ...FACTS, ...facts }], 0);
  return watched;
}

test.each([
  { tags: [], home: 'folder' },
  { tags: ['transcripts:shared'], home: 'transcripts:shared' },
])('a session that nobody has placed is where its worker has transcripts: $home', async (row) => {
  const placement = { findSession: () => Promise.resolve(undefined) };
  const { home } = await findHolder({ id: 'one' }, { ...watch(row), placement });
  expect(home).toBe(row.home);
});

test('a worker of another version of the wire is there, though it is given no runs', () => {
  const { isThere, isAlive } = watch({ wire: 2 });
  expect(isThere(FACTS.id)).toBe(true);
  expect(isAlive(FACTS.id)).toBe(false);
  expect(isThere('another')).toBe(false);
});

import { expect, test } from 'vitest';

import { createLaunchPools } from '../../../src/claude/agent/launch-pools.ts';
import type { LaunchProfile } from '../../../src/claude/launch/launch.ts';
import type { Spares } from '../../../src/claude/spares.ts';

const launch = (): LaunchProfile => ({ args: [], folder: '/', environment: {} });

function open(count: number) {
  let opened = 0;
  const launchPools = createLaunchPools({
    count,
    idleMs: 60_000,
    open: () => {
      opened += 1;
      return { ready: () => 1, stop() {}, retire() {} } as unknown as Spares; // no more of it is asked
    },
  });
  return {
    use: (key: string, keyId: string) => launchPools.use(key, launch, keyId),
    /** Whether the launch is still remembered: then nothing new is opened for it. */
    knows(key: string, keyId: string) {
      const before = opened;
      launchPools.use(key, launch, keyId);
      return opened === before;
    },
    ready: launchPools.ready,
    stop: launchPools.stop,
  };
}

test('a key that changes its launches takes the place of no other key', () => {
  const pools = open(3);
  pools.use('of the other', 'other');
  for (const name of ['a', 'b', 'c', 'd', 'e']) pools.use(name, 'greedy');
  expect(pools.ready()).toBe(3);
  expect(['of the other', 'e', 'd'].map((name) => pools.knows(name, 'x'))).toEqual([
    true,
    true,
    true,
  ]);
  pools.stop();
});

test('with one of each key the least recently used goes', () => {
  const pools = open(2);
  pools.use('a', 'first');
  pools.use('b', 'second');
  pools.use('a', 'first');
  pools.use('c', 'third');
  expect(pools.knows('a', 'first')).toBe(true);
  expect(pools.knows('b', 'second')).toBe(false);
  pools.stop();
});

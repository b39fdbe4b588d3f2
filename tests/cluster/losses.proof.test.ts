import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import {
  createMixedCallers,
  type Losses,
  type MixedCallers,
  type MixedOptions,
} from './mixed-callers.ts';
import {
  type Cluster,
  type Member,
  startCluster,
  untilReady,
  untilWorkers,
} from './start-cluster.ts';

/** Every line of docs/cluster.md's table of losses, while thirty callers go on. */

const PLACES = 3;
const NOT_FELT = { 'front gone': 0, lost: 0, doubled: 0 };
const NOTHING_LOST = { ...NOT_FELT, 'run again': 0, 'error events': 0, interrupted: 0 };

let cluster: Cluster;
let fronts: Member[];
let workers: Member[];
let callers: MixedCallers;
let count = 0;
beforeAll(async () => {
  cluster = await startCluster({
    fronts: ['front', 'other'],
    workers: ['a', 'b', 'c'],
    settings: {
      CLAUDE_MAX_RETRIES: '0',
      WORKER_CONCURRENCY: String(PLACES),
      QUEUE_TIMEOUT_MS: '120000', // thirty callers for nine places, and slow answers
    },
    hasLinks: true,
  });
  [fronts, workers] = [[...cluster.fronts], [...cluster.workers]];
  for (const front of fronts) await untilReady(front);
});
afterEach(async () => {
  for (const front of fronts) await untilReady(front);
});
afterAll(() => cluster.stop());

test('a worker is killed', async () => {
  const losses = await lose(async () => {
    const worker = take(workers, await callers.untilWholeChat());
    callers.noteLost(worker);
    worker.signal('SIGKILL');
    await worker.exited;
  });
  expect(losses).toMatchObject(NOT_FELT);
  expectFew(losses);
  workers.push(await cluster.addWorker(nextName()));
});

test('a worker freezes, and comes back', async () => {
  const losses = await lose(async () => {
    const worker = find(workers, await callers.untilWholeChat());
    callers.noteLost(worker);
    worker.signal('SIGSTOP');
    await callers.untilRunAgain();
    worker.signal('SIGCONT');
  });
  await untilWorkers(find(fronts, fronts[0]?.name), workers.length);
  expect(losses).toMatchObject(NOT_FELT);
  expectFew(losses);
});

test('a worker is cut off from Redis, and comes back', async () => {
  const losses = await lose(async () => {
    const worker = find(workers, await callers.untilWholeChat());
    callers.noteLost(worker);
    worker.cut();
    await callers.untilRunAgain();
    worker.mend();
  });
  await untilWorkers(find(fronts, fronts[0]?.name), workers.length);
  expect(losses).toMatchObject(NOT_FELT);
  expectFew(losses);
});

test('a worker runs out of memory', async () => {
  const worker = await cluster.addWorker('small', {
    NODE_OPTIONS: '--max-old-space-size=48',
    WORKER_TAGS: 'small',
  });
  workers.push(worker);
  // Answers take longer than it takes for the memory to run out.
  const options = { wordMs: 500 };
  const losses = await lose(async () => {
    callers.noteLost(take(workers, worker.name));
    // Not one of the callers': it takes more than that worker may have, and an agent is not run again elsewhere.
    const fatal = { prompt: 'word '.repeat(6_000_000), tags: ['small'] };
    const response = await find(fronts, fronts[0]?.name).send('/api/run', fatal);
    expect(await response.text()).toContain('can be resumed');
    await worker.exited;
  }, options);
  expect(worker.output).toContain('heap out of memory');
  expect(losses).toMatchObject(NOT_FELT);
  expectFew(losses, 0);
}, 300_000);

test('a worker leaves', async () => {
  const losses = await lose(async () => {
    const worker = take(workers, await callers.untilWholeChat());
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });
  expect(losses).toMatchObject({ ...NOTHING_LOST, answered: losses.sent });
  workers.push(await cluster.addWorker(nextName()));
});

test('a front is killed', async () => {
  const losses = await lose(async () => {
    const front = take(fronts, fronts[0]?.name);
    callers.noteGone(front);
    front.signal('SIGKILL');
    await front.exited;
  });
  const { 'front gone': gone, ...others } = losses;
  expect(gone).toBeGreaterThan(0);
  expect(others).toMatchObject({ lost: 0, doubled: 0, 'error events': 0, interrupted: 0 });
  fronts.push(await cluster.addFront(nextName()));
});

test('a front is cut off from Redis, and comes back', async () => {
  // Answers take longer than it takes for the front to count as lost.
  const options = { wordMs: 500 };
  const losses = await lose(async () => {
    const front = find(fronts, fronts[0]?.name);
    await callers.untilWholeChat();
    callers.noteGone(front);
    front.cut();
    await callers.untilAllEnded().finally(() => front.mend());
    await untilReady(front);
  }, options);
  expect(losses).toMatchObject({ lost: 0, doubled: 0, 'error events': 0 });
}, 300_000);

test('Redis stands still', async () => {
  const losses = await lose(async () => {
    cluster.redis.signal('SIGSTOP');
    for (const front of fronts) await untilReady(front, 503);
    cluster.redis.signal('SIGCONT');
  });
  expect(losses).toMatchObject({ ...NOTHING_LOST, answered: losses.sent });
});

test('Redis is started again', async () => {
  const losses = await lose(async () => {
    await cluster.redis.shutDown();
    for (const front of fronts) await untilReady(front, 503);
    await cluster.redis.start();
  });
  expect(losses).toMatchObject({ ...NOTHING_LOST, answered: losses.sent });
});

test('everything is started again, one after the other', async () => {
  const losses = await lose(
    async () => {
      for (const worker of workers.slice()) {
        workers.push(await cluster.addWorker(nextName()));
        await leave(take(workers, worker.name));
      }
      for (const front of fronts.slice()) {
        fronts.push(await cluster.addFront(nextName()));
        await leave(take(fronts, front.name));
      }
    },
    { requests: 3 },
  );
  expect(losses).toMatchObject({ ...NOTHING_LOST, answered: losses.sent });
}, 300_000);

async function leave(member: Member) {
  member.signal('SIGTERM');
  expect(await member.exited).toBe(0);
}

/** Lets everybody ask, loses something in the middle, and shows what became of it. */
async function lose(
  disturb: () => Promise<void>,
  options: Pick<MixedOptions, 'requests' | 'wordMs'> = {},
): Promise<Losses> {
  callers = createMixedCallers({ cluster, fronts: () => fronts, ...options });
  const losses = await callers.callAll(disturb);
  console.log(toTable(losses));
  expect(callers.faults).toEqual([]);
  return losses;
}

/** No more was broken off than the lost worker had places, and no fewer than so many begun anew. */
function expectFew(losses: Losses, leastAgain = 1) {
  expect(losses['run again']).toBeGreaterThanOrEqual(leastAgain);
  expect(losses['error events'] + losses.interrupted).toBeLessThanOrEqual(PLACES);
  expect(losses.answered + losses['error events'] + losses.interrupted).toBe(losses.sent);
}

function toTable(losses: Losses) {
  const rows = [Object.keys(losses), Object.values(losses)];
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function find(members: readonly Member[], wanted: string | undefined): Member {
  const found = members.find(({ name }) => name === wanted);
  if (!found) throw new Error(`There is no ${wanted}.`);
  return found;
}

/** Nobody asks it any more. */
function take(members: Member[], wanted: string | undefined): Member {
  const found = find(members, wanted);
  members.splice(members.indexOf(found), 1);
  return found;
}

function nextName() {
  count += 1;
  return `later-${count}`;
}

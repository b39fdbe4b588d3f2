import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { type RedisServer, startRedis } from '../tests/cluster/start-redis.ts';
import { createStub } from '../tests/support/stub-cli.ts';
import { askMany, askProxy, openAnswer, toPrompt } from './ask.ts';
import { KEY, startModel, startServer } from './processes.ts';
import { readRssMb, type Shape } from './shapes.ts';
import { readOwnCpuMs } from './read-cpu.ts';
import { toMedian } from './statistics.ts';

type ClusterRounds = {
  /** Pairs of requests that one process and the cluster are asked. */
  pairs: number;
  /** Requests that wait at a front. */
  waiting: number;
  /** Requests that workers carry out, for each number of workers. */
  load: number;
};

/** A program that is measured, as the benchmark asks it. */
type Member = { proxyUrl: string; proxyPid: number };

type Cluster = {
  redis: RedisServer;
  /** The server without a cluster, on the same model. */
  startAlone: () => Promise<Member>;
  startFront: () => Promise<Member>;
  startWorker: () => Promise<Member>;
};

const SECRET = 'bench-secret-of-a-cluster-0123456789';
const PREFIX = 'bench';
const PLACES = 2;
const WARM_UPS = 5;

/** So many more wait than are waited for, as one or two may not come to it. */
const SPARE = 5;

/** Callers at the same time: more than the places of three workers. */
const CALLERS = 18;

/** Ended runs are forgotten after 30 seconds (`cluster/run-records.ts`). */
const FORGOTTEN_MS = 40_000;

/** What a cluster costs, and what it brings. */
export async function* measureCluster(rounds: ClusterRounds): AsyncIterable<Shape> {
  yield* await withCluster({}, (cluster) => measureAdded(cluster, rounds));
  const stub = await createStub((cli) => {
    cli.rewinds();
    cli.onUser = ({ message }) => {
      const text = JSON.stringify(message);
      if (text.includes('hold')) {
        const begin = cli.toTextLines('').slice(0, 2); // and nothing more
        begin.forEach((event) => cli.say(event));
        return;
      }
      const answerMs = text.includes('quick') ? 0 : 300;
      setTimeout(() => cli.toTextLines('Hello.').forEach((line) => cli.say(line)), answerMs);
    };
  });
  const settings = { CLAUDE_PATH: stub.path, MAX_QUEUE_SIZE: String(2 * rounds.waiting + 100) };
  yield* await withCluster(settings, (cluster) => measureWorkers(cluster, rounds));
  yield* await withCluster(settings, (cluster) => measureWaiting(cluster, rounds));
  await stub.remove();
}

/** First token of a front and a worker beside one process, both with a process that waits. */
async function measureAdded(cluster: Cluster, { pairs }: ClusterRounds): Promise<Shape[]> {
  const [alone, front] = [await cluster.startAlone(), await cluster.startFront()];
  await cluster.startWorker();
  for (let index = 0; index < WARM_UPS; index += 1) await ask(alone).then(() => ask(front));
  const [own, clustered]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    const isFirst = pair % 2 === 0; // each goes first as often
    if (isFirst) own.push(await ask(alone));
    clustered.push(await ask(front));
    if (!isFirst) own.push(await ask(alone));
  }
  const added = clustered.map((ms, pair) => ms - (own[pair] ?? Number.NaN));
  return [
    { work: 'first token of one process', unit: 'ms', figure: toMedian(own), wanted: 'to compare' },
    {
      work: 'first token of a front and a worker',
      unit: 'ms',
      figure: toMedian(clustered),
      wanted: 'to compare',
    },
    { work: 'added by the cluster', unit: 'ms', figure: toMedian(added), wanted: '≤ 6' },
  ];
}

/** Milliseconds to its first token, of the same caller again and again. */
async function ask(member: Member) {
  const question = { system: 'Be brief.', messages: toPrompt('Say hello.') };
  return (await askProxy(member, question)).firstTokenMs;
}

/** Throughput of one, two and three workers of two places each. */
async function measureWorkers(cluster: Cluster, { load }: ClusterRounds): Promise<Shape[]> {
  const front = await cluster.startFront();
  const rates: number[] = [];
  for (const _ of [1, 2, 3]) {
    await cluster.startWorker();
    await untilWorkers(front, rates.length + 1);
    await askMany(CALLERS, () => ask(front), CALLERS); // its processes are up
    const startedAt = performance.now();
    await askMany(load, () => ask(front), CALLERS);
    rates.push(load / ((performance.now() - startedAt) / 1000));
  }
  const [one = Number.NaN, two = Number.NaN, three = Number.NaN] = rates;
  const work = `workers of ${PLACES} places, a stub that answers after 300 ms`;
  return [
    { work: `1 of the ${work}`, unit: 'requests/s', figure: one, wanted: 'to compare' },
    { work: '2 of them, beside one', unit: '×', figure: two / one, wanted: 'to compare' },
    { work: '3 of them, beside one', unit: '×', figure: three / one, wanted: '≥ 2.7' },
  ];
}

/** What those cost who wait, and what is left of those who have been answered; a stub again. */
async function measureWaiting(cluster: Cluster, { waiting }: ClusterRounds): Promise<Shape[]> {
  const front = await cluster.startFront();
  const worker = await cluster.startWorker();
  await untilWorkers(front, 1);
  await askMany(waiting / 10, () => askQuickly(front));
  const leaving = new AbortController();
  const hold = () =>
    openAnswer(front, { messages: toPrompt('hold'), signal: leaving.signal }).catch(() => '');
  const held = Array.from({ length: PLACES }, hold);
  await delay(3000);
  const before = { front: readRssMb(front), redis: await readRedisKb(cluster) };
  held.push(...Array.from({ length: waiting + SPARE }, hold));
  await untilWaiting(cluster, waiting);
  const during = { front: readRssMb(front), redis: await readRedisKb(cluster) };
  leaving.abort();
  await Promise.all(held);
  await delay(FORGOTTEN_MS);
  const idle = await readRedisKb(cluster);
  const cpuBefore = [front, worker].map(({ proxyPid }) => readOwnCpuMs(proxyPid));
  await askMany(waiting, () => askQuickly(front));
  const cpuAfter = [front, worker].map(({ proxyPid }) => readOwnCpuMs(proxyPid));
  const [frontCpu, workerCpu] = cpuAfter.map(
    (ms, index) => (ms - (cpuBefore[index] ?? 0)) / waiting,
  );
  const ended = await readRedisKb(cluster);
  await delay(FORGOTTEN_MS);
  const forgotten = await readRedisKb(cluster);
  return [
    {
      work: 'a front’s memory for 1,000 waiting requests',
      unit: 'MB',
      figure: ((during.front - before.front) / waiting) * 1000,
      wanted: '≤ 60',
    },
    toCpuShape('front', frontCpu),
    toCpuShape('worker, without its CLI', workerCpu),
    toRedisShape('that waits', (during.redis - before.redis) / waiting),
    toRedisShape('that has just been answered', (ended - idle) / waiting),
    toRedisShape(`${FORGOTTEN_MS / 1000} seconds after its end`, (forgotten - idle) / waiting),
  ];
}

function toRedisShape(which: string, figure: number): Shape {
  return { work: `Redis’ memory for a run ${which}`, unit: 'KB', figure, wanted: 'to compare' };
}

function toCpuShape(of: string, figure = Number.NaN): Shape {
  const work = `processor time of a ${of}, for a request`;
  return { work, unit: 'ms', figure, wanted: 'to compare' };
}

function askQuickly(front: Member) {
  return askProxy(front, { messages: toPrompt('quick') });
}

/** Used memory of Redis. */
async function readRedisKb({ redis }: Cluster) {
  const info = await redis.client.info('memory');
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]) / 1024;
}

async function untilWaiting({ redis }: Cluster, count: number) {
  while ((await redis.client.zcard(`${PREFIX}:waiting`)) < count) await delay(100);
}

/** Resolves when the front sees so many workers. */
async function untilWorkers(front: Member, count: number) {
  const headers = { 'x-api-key': KEY };
  for (;;) {
    const response = await fetch(`${front.proxyUrl}/api/admin/status`, { headers });
    const { cluster } = (await response.json()) as { cluster: { workers: readonly object[] } };
    if (cluster.workers.length === count) return;
    await delay(100);
  }
}

/** A cluster for one measurement: a Redis and a model, and what is started on them. */
async function withCluster<Result>(
  settings: Record<string, string>,
  use: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'bench-cluster-'));
  opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const redis = await startRedis();
  opened.defer(() => redis.stop());
  const model = await startModel();
  opened.defer(model.end);
  let count = 0;
  const start = async (args: readonly string[], own: Record<string, string>) => {
    const server = await startServer({
      folder: join(folder, String((count += 1))),
      modelUrl: model.url,
      settings: {
        WARM_PROCESSES: '0',
        WORKER_CONCURRENCY: String(PLACES),
        QUEUE_TIMEOUT_MS: '280000',
        SHUTDOWN_GRACE_MS: '0',
        // A machine that is busy with all of them is not one on which somebody is lost.
        WORKER_LOCK_MS: '30000',
        STALLED_INTERVAL_MS: '5000',
        ...settings,
        ...own,
      },
      args,
    });
    opened.defer(server.end);
    return { proxyUrl: server.url, proxyPid: server.pid };
  };
  const ofCluster = { REDIS_URL: redis.url, CLUSTER_SECRET: SECRET, CLUSTER_PREFIX: PREFIX };
  return await use({
    redis,
    startAlone: () => start([], {}),
    startFront: () => start(['--role=front'], ofCluster),
    startWorker: () => start(['--role=worker'], ofCluster),
  });
}

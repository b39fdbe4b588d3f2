import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { doctor } from '../../src/cli/doctor/doctor.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { createContext } from '../cli/command-context.ts';
import { openTestWorker, SECRET } from './open-test-members.ts';
import { sayText } from './say-text.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const TOOLS = join(import.meta.dirname, '../../node_modules/.bin');

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** What the doctor finds out of a cluster, by the name of each check. */
async function examine(settings: Record<string, string> = {}, args: readonly string[] = []) {
  const { context, lines } = createContext(['--json', ...args], {
    PATH: [TOOLS, process.env['PATH']].join(delimiter),
    HOME: folder,
    STATE_DIR: join(folder, 'state'),
    PORT: '0',
    REDIS_URL: redis.url,
    CLUSTER_SECRET: SECRET,
    ...settings,
  });
  const code = await doctor(context);
  const { findings } = JSON.parse(lines.join()) as { findings: readonly Finding[] };
  return { code, of: Object.fromEntries(findings.map((finding) => [finding.name, finding])) };
}

test('a front needs no CLI, and is told which workers there are', async () => {
  const settings = { ROLE: 'front', CLUSTER_PREFIX: 'seen', CLAUDE_PATH: '/nowhere/claude' };
  const before = await examine(settings);
  expect(before.of['workers']).toMatchObject({ state: 'warning', text: 'none is there now' });
  const place = { redisUrl: redis.url, prefix: 'seen' };
  const worker = await openTestWorker(place, sayText('Hello.'));
  onTestFinished(() => worker.leave(0));
  const { code, of } = await examine(settings);
  expect(of['cluster']).toMatchObject({ state: 'ok', text: expect.stringMatching(/keeps what/) });
  expect(of['workers']).toMatchObject({ state: 'ok', text: expect.stringMatching(/^1, with \d/) });
  expect(of['round trips']).toMatchObject({ state: 'skipped' });
  expect(code).toBe(0);
});

test('a Redis that would lose what is stored, or throw it away, is named', async () => {
  await redis.client.config('SET', 'appendonly', 'no');
  await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  onTestFinished(async () => {
    await redis.client.config('SET', 'appendonly', 'yes');
    await redis.client.config('SET', 'maxmemory-policy', 'noeviction');
  });
  const { of } = await examine({ ROLE: 'front' });
  expect(of['cluster']).toMatchObject({
    state: 'warning',
    text: expect.stringMatching(/appendonly is off, maxmemory-policy is allkeys-lru$/),
  });
});

test('another secret than that of the others is red', async () => {
  const worker = await openTestWorker({ redisUrl: redis.url, prefix: 'theirs' }, sayText('Hello.'));
  onTestFinished(() => worker.leave(0));
  const secret = `another-${SECRET}`;
  const other = { ROLE: 'front', CLUSTER_PREFIX: 'theirs', CLUSTER_SECRET: secret };
  const { code, of } = await examine(other);
  expect(of['cluster']).toMatchObject({
    state: 'failed',
    text: expect.stringMatching(/^CLUSTER_SECRET is not the one of the others/),
  });
  expect(code).toBe(1);
});

test('what is asked of a worker’s CLI is asked beside the cluster, which is left as it is', async () => {
  const own = { ROLE: 'worker', CLUSTER_PREFIX: 'apart' };
  const { code, of } = await examine(own, ['--demo']);
  expect(of['OpenAI chat completions']).toMatchObject({ state: 'ok' });
  expect(code).toBe(0);
  expect(await redis.client.keys('apart:*')).toEqual([]);
});

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { collectRun } from '../../src/run-answer.ts';
import type { Run, RunRequest } from '../../src/run.ts';
import { toChatRequest } from '../claude/chat-request.ts';
import { openLink } from './open-link.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';
import { openTestFront, openTestWorker } from './open-test-members.ts';
import { sayText } from './say-text.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

/** What stands in Redis, and for how long; no CLI plays a part in it. */

const HIDDEN = 'a word that nobody may find';

/** RUNS=1000 is the heavy form. */
const RUNS = Number(process.env['RUNS'] ?? 100);
const AT_ONCE = 10;
const MEGABYTE = 1024 * 1024;

let redis: RedisServer;
const leaving: (() => Promise<void>)[] = [];
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  for (const leave of leaving) await leave();
  await redis.stop();
});

test('of many runs nothing can be read in Redis or on its disk, and nothing of them stays', async () => {
  const { front, prefix } = await open(sayText(`${HIDDEN}, answered`));
  for (let done = 0; done < RUNS; done += AT_ONCE) {
    const runs = Array.from({ length: AT_ONCE }, () => collect(front, `${HIDDEN}, asked`));
    for (const { parts } of await Promise.all(runs)) {
      expect(JSON.stringify(parts)).toContain('answered');
    }
  }
  const dump = await readAll();
  expect(dump.length).toBeGreaterThan(1000);
  expect(dump).not.toContain('nobody may find');
  expect(await readDisk()).not.toContain('nobody may find');
  await vi.waitFor(async () => {
    for (const key of await redis.client.keys(`${prefix}:run:*`)) {
      expect(key).not.toMatch(/:request$/);
      expect(await redis.client.hget(key, 'state')).toBe('ended');
      expect(await redis.client.pttl(key)).toBeGreaterThan(0);
      await redis.client.pexpire(key, 1); // its time is over
    }
    expect(await redis.client.keys(`${prefix}:run:*`)).toEqual([]);
    expect(await redis.client.keys(`${prefix}:runs-*:????????-*`)).toEqual([]);
  }, 20_000);
});

test('what a slow reader has not read takes no more than a few megabytes of Redis', async () => {
  const piece = 'x'.repeat(64 * 1024);
  const { front, prefix } = await open(async function* flood() {
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    for (let said = 0; said < 800; said += 1) yield { type: 'part-delta', index: 0, delta: piece };
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  });
  const events = front.backend.run(toRequest('Go on.'), new AbortController().signal);
  let most = 0;
  let characters = 0;
  for await (const event of events) {
    if (event.type !== 'part-delta') continue;
    characters += event.delta.length;
    for (const key of await redis.client.keys(`${prefix}:front:*:events`)) {
      most = Math.max(most, Number(await redis.client.memory('USAGE', key, 'SAMPLES', 0)));
    }
  }
  expect(characters).toBe(800 * piece.length);
  expect(most).toBeLessThan(6 * MEGABYTE);
});

test('32 MB cross a slow link whole, and others are answered meanwhile', async () => {
  const link = await openLink(redis.url, 6 * MEGABYTE);
  const heard: string[] = [];
  const { front } = await open(
    async function* note(request, signal) {
      const [part] = request.messages.at(-1)?.parts ?? [];
      if (part?.type === 'text') heard.push(createHash('sha256').update(part.text).digest('hex'));
      yield* sayText('Hello.')(request, signal);
    },
    { frontUrl: link.url, lockMs: 3000 },
  );
  const text = randomBytes(24 * MEGABYTE).toString('base64');
  const large = collect(front, text);
  const small = collect(front, 'And this?');
  for (const answer of await Promise.all([large, small])) {
    expect(JSON.stringify(answer.parts)).toContain('Hello.');
  }
  expect(heard).toContain(createHash('sha256').update(text).digest('hex'));
  await leaving.pop()?.();
  await link.close();
});

async function open(run: Run, { frontUrl = redis.url, lockMs = 5000 } = {}) {
  const place = { redisUrl: redis.url, prefix: randomUUID() };
  const front = await openTestFront({ ...place, redisUrl: frontUrl, lockMs });
  const worker = await openTestWorker(place, run);
  leaving.push(() => worker.leave(0), front.backend.close);
  return { front, prefix: place.prefix };
}

function collect(front: Awaited<ReturnType<typeof openTestFront>>, text: string) {
  return collectRun(front.backend.run(toRequest(text), new AbortController().signal));
}

function toRequest(text: string): RunRequest {
  const caller = { keyId: HIDDEN.length.toString(), user: HIDDEN, requestId: randomUUID() };
  return {
    ...toChatRequest(),
    messages: [{ role: 'user', parts: [{ type: 'text', text }] }],
    caller,
  };
}

/** Every key, with what stands there. */
async function readAll() {
  const keys = await redis.client.keys('*');
  const values = await Promise.all(keys.map((key) => redis.client.dumpBuffer(key)));
  return [...keys, ...values.map(String)].join('\n');
}

async function readDisk() {
  const files = await readdir(redis.folder, { recursive: true });
  const names = files.filter((name) => name.endsWith('.aof'));
  const texts = await Promise.all(
    names.map((name) => readFile(join(redis.folder, name), 'latin1')),
  );
  return texts.join('\n');
}

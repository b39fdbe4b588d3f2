import { afterEach, expect, test } from 'vitest';

import { ask, CALL_NAMES } from '../support/calls.ts';
import { type HeldAnswers, holdAnswers } from '../support/hold-answers.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readProcesses, readQueue, untilWaiting } from '../support/watch-place.ts';

let proxy: Proxy;
let held: HeldAnswers;
afterEach(async () => {
  held.release();
  await proxy.stop();
});

test('no more than WORKER_CONCURRENCY run at once, and all have their turn', async () => {
  await start({ WORKER_CONCURRENCY: '2' });
  const answers = Array.from({ length: 5 }, (_, index) =>
    ask(proxy, 'chat completions', `number ${index}`),
  );
  await untilWaiting(proxy, 3);
  await untilUpstream(2);
  expect(await readQueue(proxy)).toEqual({ running: 2, waiting: 3, concurrency: 2 });

  held.release();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([
    200, 200, 200, 200, 200,
  ]);
  expect(proxy.model.requests).toHaveLength(5);
  expect(held.peak).toBe(2);
  expect(await readQueue(proxy)).toEqual({ running: 0, waiting: 0, concurrency: 2 });
});

test('a full queue is a 429 with Retry-After in each dialect, streamed or not', async () => {
  await start({ WORKER_CONCURRENCY: '1', MAX_QUEUE_SIZE: '1' });
  const first = await askAndReach('first');
  const accepted = [first.answer, ask(proxy, 'chat completions', 'second')];
  await untilWaiting(proxy, 1);

  for (const name of CALL_NAMES) {
    for (const stream of [false, true]) {
      const response = await ask(proxy, name, 'one too many', { stream });
      expect(toFacts(response)).toEqual({ status: 429, retryAfter: 2, type: 'application/json' });
      expect(await response.json()).toMatchObject({ error: FULL[name] });
    }
  }
  held.release();
  expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual([200, 200]);
  expect(proxy.model.requests).toHaveLength(2);
});

test('a wait of QUEUE_TIMEOUT_MS is a 503 with Retry-After in each dialect', async () => {
  await start({ WORKER_CONCURRENCY: '1', QUEUE_TIMEOUT_MS: '200' });
  const { answer: running } = await askAndReach('first');
  const late = await Promise.all(CALL_NAMES.map((name) => ask(proxy, name, 'late')));
  for (const [index, response] of late.entries()) {
    expect(toFacts(response)).toMatchObject({ status: 503, type: 'application/json' });
    expect(toFacts(response).retryAfter).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: LATE[CALL_NAMES[index] ?? 'messages'] });
  }
  expect(await readQueue(proxy)).toEqual({ running: 1, waiting: 0, concurrency: 1 });

  held.release();
  expect((await running).status).toBe(200);
  expect(proxy.model.requests).toHaveLength(1);
});

test('who leaves while queued frees the place in the queue, and starts no process', async () => {
  await start({ WORKER_CONCURRENCY: '1', MAX_QUEUE_SIZE: '1' });
  const { answer: running } = await askAndReach('first');
  const impatience = new AbortController();
  const left = ask(proxy, 'chat completions', 'left', { signal: impatience.signal });
  await untilWaiting(proxy, 1);

  impatience.abort();
  await expect(left).rejects.toThrow('aborted');
  await untilWaiting(proxy, 0);
  const next = ask(proxy, 'chat completions', 'next');
  await untilWaiting(proxy, 1);
  expect(await readProcesses(proxy)).toHaveLength(1);

  held.release();
  expect((await running).status).toBe(200);
  expect((await next).status).toBe(200);
  expect(proxy.model.requests.map(({ body }) => JSON.stringify(body.messages))).toEqual([
    expect.stringContaining('first'),
    expect.stringContaining('next'),
  ]);
});

const FULL = {
  'chat completions': { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  messages: { type: 'rate_limit_error' },
  'agent runs': { code: 'queue-full' },
};

const LATE = {
  'chat completions': { type: 'server_error', code: 'queue_timeout' },
  messages: { type: 'api_error' },
  'agent runs': { code: 'queue-timeout' },
};

async function start(settings: Record<string, string>) {
  held = holdAnswers();
  proxy = await startProxy({ answer: held.answer, settings: { ...ONE_EACH, ...settings } });
}

/** Asks, and waits until the request has arrived upstream. The answer is wrapped, or it would be awaited too. */
async function askAndReach(text: string) {
  const answer = ask(proxy, 'chat completions', text);
  await proxy.model.waitForRequest();
  return { answer };
}

async function untilUpstream(count: number) {
  await proxy.model.waitForRequest(() => proxy.model.requests.length >= count);
}

function toFacts({ status, headers }: Response) {
  const retryAfter = Number(headers.get('retry-after'));
  return { status, retryAfter, type: headers.get('content-type') };
}

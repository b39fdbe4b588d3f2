import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An app, and callers at its other end. */
function open() {
  const app = createTestApp();
  return (address: string, key = 'a-guess', signal?: AbortSignal) =>
    app.request(
      new Request('http://localhost/v1/models', {
        headers: { authorization: `Bearer ${key}` },
        ...(signal && { signal }),
      }),
      undefined,
      { incoming: { socket: { remoteAddress: address } } },
    );
}

/** How long the answer takes, in milliseconds of the fake clock. */
async function timeOf(answer: Response | Promise<Response>) {
  const startedAt = Date.now();
  const time = Promise.resolve(answer).then(() => Date.now() - startedAt);
  const watch = { isOver: false };
  const over = time.finally(() => (watch.isOver = true));
  for (let turn = 0; turn < 200 && !watch.isOver; turn += 1) await vi.advanceTimersByTimeAsync(50);
  await over;
  return time;
}

async function timesOf(count: number, ask: () => Response | Promise<Response>) {
  const times = [];
  for (let turn = 0; turn < count; turn += 1) times.push(await timeOf(ask()));
  return times;
}

test('wrong keys cost more and more time, up to five seconds', async () => {
  const ask = open();
  expect(await timesOf(12, () => ask('192.0.2.1'))).toEqual([
    0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 5000, 5000,
  ]);
});

test('the right key passes at once from the same address', async () => {
  const ask = open();
  await timesOf(10, () => ask('192.0.2.1'));
  const guess = ask('192.0.2.1');
  expect(await timeOf(ask('192.0.2.1', APP_KEY))).toBe(0);
  expect((await ask('192.0.2.1', APP_KEY)).status).toBe(200);
  await timeOf(guess);
  expect((await guess).status).toBe(401);
});

test('another address is not made to wait', async () => {
  const ask = open();
  await timesOf(10, () => ask('192.0.2.1'));
  expect(await timeOf(ask('192.0.2.2'))).toBe(0);
});

test('the addresses of one IPv6 network count as one', async () => {
  const ask = open();
  await timesOf(5, () => ask('2001:db8:1:2::1'));
  expect(await timeOf(ask('2001:db8:1:2:ffff::9'))).toBe(250);
  expect(await timeOf(ask('2001:db8:1:3::1'))).toBe(0);
  expect(await timeOf(ask('::ffff:192.0.2.1'))).toBe(0);
});

test('after ten quiet minutes an address begins anew', async () => {
  const ask = open();
  await timesOf(8, () => ask('192.0.2.1'));
  await vi.advanceTimersByTimeAsync(600_000);
  expect(await timeOf(ask('192.0.2.1'))).toBe(0);
});

describe('a flood of guesses', () => {
  test('holds twenty answers at most, and the owner still passes', async () => {
    const ask = open();
    await timesOf(8, () => ask('192.0.2.1'));
    const answers = Array.from({ length: 30 }, () => Promise.resolve(ask('192.0.2.1')));
    expect((await ask('192.0.2.1', APP_KEY)).status).toBe(200);
    await vi.advanceTimersByTimeAsync(5000);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });

  test('a guesser that leaves is not waited for', async () => {
    const ask = open();
    await timesOf(10, () => ask('192.0.2.1'));
    const leaving = new AbortController();
    const answer = ask('192.0.2.1', 'a-guess', leaving.signal);
    await vi.advanceTimersByTimeAsync(100);
    leaving.abort();
    expect(await timeOf(answer)).toBe(0);
  });
});

import { afterEach, expect, test } from 'vitest';

import { silentReply } from '../../src/demo/replies.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readQueue, untilNoProcess } from '../support/watch-place.ts';

let proxy: Proxy;
afterEach(() => proxy.stop());

test('a whole answer that takes too long is a 504 in each dialect, and nothing is left', async () => {
  proxy = await startProxy({
    answer: () => silentReply(),
    settings: { ...ONE_EACH, REQUEST_TIMEOUT_MS: '6000', WORKER_CONCURRENCY: '3' },
  });
  const answers = await Promise.all(CALL_NAMES.map((name) => ask(proxy, name, 'Hello.')));
  for (const [index, response] of answers.entries()) {
    expect(response.status).toBe(504);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const body = await response.json();
    expect(body).toMatchObject({ error: TIMEOUTS[CALL_NAMES[index] ?? 'messages'] });
  }
  await expectNothingLeft();
});

test('a stream that takes too long ends with the error of its dialect, and nothing is left', async () => {
  proxy = await startProxy({
    answer: holdAnswers().answer,
    settings: { ...ONE_EACH, REQUEST_TIMEOUT_MS: '12000', WORKER_CONCURRENCY: '3' },
  });
  const streams = await Promise.all(
    CALL_NAMES.map(async (name) => {
      const response = await ask(proxy, name, 'Hello.', { stream: true });
      return { name, status: response.status, messages: await Array.fromAsync(readSse(response)) };
    }),
  );
  for (const { name, status, messages } of streams) {
    expect(status).toBe(200);
    expect(messages.some(({ data }) => data.includes('one'))).toBe(true);
    expect(toFailure(messages)).toMatchObject({
      event: name === 'chat completions' ? undefined : 'error',
      error: TIMEOUTS[name],
    });
  }
  await expectNothingLeft();
});

test('the time runs from the arrival on, also in the queue', async () => {
  proxy = await startProxy({
    answer: () => silentReply(),
    settings: { ...ONE_EACH, REQUEST_TIMEOUT_MS: '6000', WORKER_CONCURRENCY: '1' },
  });
  const answers = [1, 2, 3].map((number) => ask(proxy, 'messages', `number ${number}`));
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([504, 504, 504]);
  await expectNothingLeft();
  // Had their time begun with their turn, the model would have heard from the other two.
  expect(proxy.model.requests).toHaveLength(1);
});

const TIMEOUTS = {
  'chat completions': { type: 'server_error', code: 'timeout' },
  messages: { type: 'timeout_error' },
  'agent runs': { code: 'timeout' },
};

function toFailure(messages: readonly Sse[]) {
  const { event, data = '{}' } = messages.at(-1) ?? {};
  return { event, ...JSON.parse(data) };
}

async function expectNothingLeft() {
  await untilNoProcess(proxy);
  for (const request of proxy.model.requests) expect(await request.closed).toBe('aborted');
  expect(await readQueue(proxy)).toMatchObject({ running: 0, waiting: 0 });
}

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { heldReply, silentReply } from '../../src/demo/replies.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';
import { readStream } from './read-stream.ts';

const NEVER = new Promise(() => undefined);

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({
    // Long enough for five CLI starts at once on a slow machine.
    settings: { REQUEST_TIMEOUT_MS: '15000', WORKER_CONCURRENCY: '5' },
    answer: ({ messages }) =>
      JSON.stringify(messages).includes('<silent>')
        ? silentReply()
        : heldReply('one two three four', NEVER),
  });
});
afterAll(() => proxy.stop());

describe.concurrent('the time limit', () => {
  test.each(['messages', 'agent runs'] as const)(
    '%s: a silent API is a 504 when the time is up, not to be tried again',
    async (call) => {
      const response = await ask(proxy, call, '<silent>', { stream: call === 'messages' });
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(await readFailure(response)).toMatchObject({
        status: 504,
        message: 'The time limit of this server passed before the answer was complete.',
      });
    },
  );

  test.each(CALL_NAMES)('%s: a stream that it cuts ends with the error', async (call) => {
    const response = await ask(proxy, call, '<held>', { stream: true });
    const { last, ...stream } = await readStream(call, response);
    expect(stream).toEqual({ status: 200, text: 'one two', hasNormalEnd: false });
    expect(JSON.stringify(last.data)).toMatch(/"(timeout|timeout_error)"/);
  });
});

test('the API is left alone when the time is up', async () => {
  const closed = proxy.model.requests.map((request) => request.closed);
  expect(new Set(await Promise.all(closed))).toEqual(new Set(['aborted']));
});

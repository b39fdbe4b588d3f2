import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { silentReply } from '../../src/demo/replies.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { readSse } from '../support/read-sse.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readQueue, untilNoProcess, untilProcess } from '../support/watch-place.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ settings: { ...ONE_EACH, WORKER_CONCURRENCY: '1' } });
});
afterAll(() => proxy.stop());

let client: AbortController;
beforeEach(() => {
  client = new AbortController();
  proxy.model.requests.length = 0;
});

describe.each(CALL_NAMES)('%s: a client that leaves', (name) => {
  test('in the middle of a stream ends the run', async () => {
    proxy.model.answer = holdAnswers().answer;
    const response = await ask(proxy, name, 'Hello.', { stream: true, signal: client.signal });
    expect(response.status).toBe(200);
    for await (const { data } of readSse(response)) {
      if (data.includes('one')) break;
    }
    client.abort();
    await expectNothingLeft();
  });

  test('before the first byte of a stream ends the run', async () => {
    proxy.model.answer = () => silentReply();
    const answer = ask(proxy, name, 'Hello.', { stream: true, signal: client.signal });
    await proxy.model.waitForRequest();
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await expectNothingLeft();
  });

  test('before a whole answer is there ends the run', async () => {
    proxy.model.answer = holdAnswers().answer;
    const answer = ask(proxy, name, 'Hello.', { signal: client.signal });
    await proxy.model.waitForRequest();
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await expectNothingLeft();
  });

  test('while the CLI still starts ends the run', async () => {
    proxy.model.answer = demoAnswer;
    const started = untilProcess(proxy);
    const answer = ask(proxy, name, 'Hello.', { signal: client.signal });
    await started;
    client.abort();
    await expect(answer).rejects.toThrow('aborted');
    await untilNoProcess(proxy);
    expect(proxy.model.requests).toEqual([]);
    expect(await readQueue(proxy)).toMatchObject({ running: 0, waiting: 0 });
  });
});

test('the only place serves the next one', async () => {
  proxy.model.answer = demoAnswer;
  expect((await ask(proxy, 'chat completions', 'And I?')).status).toBe(200);
});

/** The connection to the model is closed and was not opened again, the process is gone, the place free. */
async function expectNothingLeft() {
  const [request] = proxy.model.requests;
  expect(await request?.closed).toBe('aborted');
  await untilNoProcess(proxy);
  expect(proxy.model.requests).toHaveLength(1);
  expect(await readQueue(proxy)).toMatchObject({ running: 0, waiting: 0 });
}

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { silentReply } from '../../src/demo/replies.ts';
import { ask, type CallName } from '../support/calls.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { readSse } from '../support/read-sse.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { readQueue, untilNoProcess, untilProcess } from '../support/watch-place.ts';

let proxy: Proxy;
let client: AbortController;

/** When a client leaves; each does so, and sees that nothing is left of it. */
const MOMENTS = {
  'in the middle of a stream': expectEndInStream,
  'before the first byte of a stream': expectEndBeforeStream,
  'before a whole answer is there': expectEndBeforeAnswer,
  'while the CLI still starts': expectEndInStart,
} satisfies Record<string, (name: CallName) => Promise<void>>;

type Moment = keyof typeof MOMENTS;

export const MOMENT_NAMES = Object.keys(MOMENTS) as Moment[];

/** A client of these dialects leaves at these moments, at a server with one place. */
export function describeLeaving(cases: Partial<Record<CallName, readonly Moment[]>>): void {
  beforeAll(async () => {
    proxy = await startProxy({ settings: { ...ONE_EACH, WORKER_CONCURRENCY: '1' } });
  });
  afterAll(() => proxy.stop());
  beforeEach(() => {
    client = new AbortController();
    proxy.model.requests.length = 0;
  });

  for (const [name, moments] of Object.entries(cases) as [CallName, readonly Moment[]][]) {
    describe(`${name}: a client that leaves`, () => {
      test.each(moments)('%s ends the run', async (moment) => {
        await expect(MOMENTS[moment](name)).resolves.toBeUndefined();
      });
    });
  }

  test('the only place serves the next one', async () => {
    proxy.model.answer = demoAnswer;
    expect((await ask(proxy, 'chat completions', 'And I?')).status).toBe(200);
  });
}

async function expectEndInStream(name: CallName) {
  proxy.model.answer = holdAnswers().answer;
  const response = await ask(proxy, name, 'Hello.', { stream: true, signal: client.signal });
  expect(response.status).toBe(200);
  for await (const { data } of readSse(response)) {
    if (data.includes('one')) break;
  }
  client.abort();
  await expectNothingLeft();
}

async function expectEndBeforeStream(name: CallName) {
  proxy.model.answer = () => silentReply();
  const answer = ask(proxy, name, 'Hello.', { stream: true, signal: client.signal });
  await proxy.model.waitForRequest();
  client.abort();
  await expect(answer).rejects.toThrow('aborted');
  await expectNothingLeft();
}

async function expectEndBeforeAnswer(name: CallName) {
  proxy.model.answer = holdAnswers().answer;
  const answer = ask(proxy, name, 'Hello.', { signal: client.signal });
  await proxy.model.waitForRequest();
  client.abort();
  await expect(answer).rejects.toThrow('aborted');
  await expectNothingLeft();
}

async function expectEndInStart(name: CallName) {
  proxy.model.answer = demoAnswer;
  const started = untilProcess(proxy);
  const answer = ask(proxy, name, 'Hello.', { signal: client.signal });
  await started;
  client.abort();
  await expect(answer).rejects.toThrow('aborted');
  await untilNoProcess(proxy);
  expect(proxy.model.requests).toEqual([]);
  expect(await readQueue(proxy)).toMatchObject({ running: 0, waiting: 0 });
}

/** The connection to the model is closed and was not opened again, the process is gone, the place free. */
async function expectNothingLeft() {
  const [request] = proxy.model.requests;
  expect(await request?.closed).toBe('aborted');
  await untilNoProcess(proxy);
  expect(proxy.model.requests).toHaveLength(1);
  expect(await readQueue(proxy)).toMatchObject({ running: 0, waiting: 0 });
}

import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

import { heldReply, silentReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask } from '../support/calls.ts';
import { lastTextOf } from '../support/upstream-texts.ts';
import {
  type Cluster,
  type Member,
  startCluster,
  untilReady,
  untilWorkers,
} from './start-cluster.ts';

/** A worker and a front that are killed, each with what it had; the other files of this folder look at each loss by itself. */

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({
    fronts: ['front', 'other'],
    workers: ['a'],
    settings: { WORKER_CONCURRENCY: '3' },
  });
  [front, other] = cluster.fronts as [Member, Member];
  await Promise.all([untilReady(front), untilReady(other)]);
});
beforeEach(() => {
  cluster.model.requests.length = 0;
  cluster.model.answer = (_, request) =>
    lastTextOf(request) === 'Begun.' ? heldReply(TEXT, NEVER) : silentReply();
});
afterAll(() => cluster.stop());

test('a worker is killed: what had no word so far is answered elsewhere, once, and all else is told', async () => {
  const waiting = ask(front, 'chat completions', 'Nothing so far.', { stream: true });
  const agent = ask(front, 'agent runs', 'At work.');
  const begun = await begin(front);
  await Promise.all([untilAsked('Nothing so far.'), untilAsked('At work.')]);
  await cluster.addWorker('b');
  await untilWorkers(front, 2);
  cluster.model.answer = () => textReply(TEXT);
  cluster.workers[0]?.signal('SIGKILL');

  const whole = await readStream('chat completions', await waiting);
  expect(whole).toMatchObject({ status: 200, text: TEXT, hasNormalEnd: true });
  expect(await begun.reading).toMatchObject({ text: 'one two', hasNormalEnd: false });
  expect(await readFailure(await agent)).toMatchObject({
    status: 503,
    message: expect.stringContaining('can be resumed'),
  });
  expect(listAsked()).toEqual(['At work.', 'Begun.', 'Nothing so far.', 'Nothing so far.']);
});

test('a front is killed: what its callers heard is cancelled, what is in the background is answered', async () => {
  const created = await other.send('/v1/responses', {
    model: 'sonnet',
    input: 'In the background.',
    background: true,
  });
  const { id } = (await created.json()) as { id: string }; // the Responses API
  const begun = await begin(other);
  await untilAsked('In the background.');
  cluster.model.answer = () => textReply(TEXT);
  other.signal('SIGKILL');

  await expect(begun.reading).rejects.toThrow('terminated');
  expect(await begun.upstream.closed).toBe('aborted');
  await vi.waitFor(
    async () => {
      const response = await (await front.send(`/v1/responses/${id}`)).text();
      expect(response).toContain(TEXT);
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(listAsked()).toEqual(['Begun.', 'In the background.', 'In the background.']);
});

/** What the model was asked, by any worker. */
function listAsked() {
  return cluster.model.requests.map((request) => lastTextOf(request) ?? '').toSorted();
}

function untilAsked(text: string) {
  return cluster.model.waitForRequest((request) => lastTextOf(request) === text);
}

/** A stream of which half has been heard. */
async function begin(by: Member) {
  const response = await ask(by, 'messages', 'Begun.', { stream: true });
  const isHalf = Promise.withResolvers<void>();
  const reading = readStream('messages', response, (text) => {
    if (text === 'one two') isHalf.resolve();
  });
  reading.catch(isHalf.reject);
  await isHalf.promise;
  return { reading, upstream: await untilAsked('Begun.') };
}

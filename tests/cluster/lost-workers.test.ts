import { afterAll, beforeAll, expect, test } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { heldReply, silentReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask } from '../support/calls.ts';
import { type Cluster, type Member, nameOf, startCluster, untilReady } from './start-cluster.ts';

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);
const LOSSES = ['SIGKILL', 'SIGSTOP'] as const;

let cluster: Cluster;
let front: Member;
const workers = new Map<string, Member>();
beforeAll(async () => {
  cluster = await startCluster({ settings: { WORKER_CONCURRENCY: '2' } });
  [front] = cluster.fronts as [Member];
  for (const worker of cluster.workers) workers.set(worker.name, worker);
  await untilReady(front);
});
afterAll(() => cluster.stop());

test.each(LOSSES)('%s before the first word: another worker answers, once', async (signal) => {
  const seen = cluster.model.requests.length;
  const lost = loseFirst(signal, () => silentReply());
  const response = await ask(front, 'chat completions', 'Hi', { stream: true });
  const stream = await readStream('chat completions', response);
  expect(stream).toMatchObject({ status: 200, text: TEXT, hasNormalEnd: true });
  const names = cluster.model.requests.slice(seen).map((request) => nameOf(request));
  expect(names).toHaveLength(2);
  expect(new Set(names).size).toBe(2);
  await bringBack(await lost, signal);
  await expectRecovered(seen + 2);
});

test.each(LOSSES)('%s in the middle of a whole answer: it is begun anew', async (signal) => {
  const seen = cluster.model.requests.length;
  const lost = loseFirst(signal, () => heldReply('never said twice', NEVER));
  const response = await ask(front, 'messages', 'Hi');
  const body = await response.text();
  expect({ status: response.status, body }).toEqual({
    status: 200,
    body: expect.stringContaining(TEXT),
  });
  expect(body).not.toContain('never said');
  await bringBack(await lost, signal);
  await expectRecovered(seen + 2);
});

test.each([
  ['SIGKILL', 'chat completions', 'cli_failed'],
  ['SIGSTOP', 'messages', 'api_error'],
] as const)('%s in the middle of a stream, %s: it ends with %s', async (signal, call, word) => {
  let lost: Promise<Member> | undefined;
  cluster.model.answer = () => heldReply(TEXT, NEVER);
  const response = await ask(front, call, 'Hi', { stream: true });
  const seen = cluster.model.requests.length;
  const { last, ...stream } = await readStream(call, response, (text) => {
    if (text === 'one two') lost ??= Promise.resolve(lose(cluster.model.requests.at(-1), signal));
  });
  expect(stream).toEqual({ status: 200, text: 'one two', hasNormalEnd: false });
  expect(JSON.stringify(last)).toContain(`"${word}"`);
  if (lost) await bringBack(await lost, signal);
  await expectRecovered(seen);
});

test.each(LOSSES)(
  '%s in the middle of an agent: interrupted, and not run again',
  async (signal) => {
    const seen = cluster.model.requests.length;
    const lost = loseFirst(signal, () => silentReply());
    const response = await ask(front, 'agent runs', 'Hi');
    expect(await readFailure(response)).toMatchObject({
      status: 503,
      message: expect.stringContaining('can be resumed'),
    });
    const listed = await front.send('/api/runs');
    const { runs } = (await listed.json()) as { runs: { state: string }[] };
    expect(runs[0]).toMatchObject({ state: 'interrupted' });
    await bringBack(await lost, signal);
    expect(cluster.model.requests.length - seen).toBe(1);
  },
);

test('lost twice: the caller is told', async () => {
  const seen = cluster.model.requests.length;
  const third = await cluster.addWorker('third');
  workers.set('third', third);
  const lost: Member[] = [];
  cluster.model.answer = (_body, request) => {
    if (lost.length === 2) return textReply(TEXT);
    lost.push(lose(request, 'SIGKILL'));
    return silentReply();
  };
  const response = await ask(front, 'chat completions', 'Hi');
  expect(await readFailure(response)).toMatchObject({ status: 503, code: 'cli_failed' });
  await Promise.all(lost.map((one) => bringBack(one, 'SIGKILL')));
  await expectRecovered(seen + 2);
});

/** The first worker from which the model is asked is lost; the others are answered. */
function loseFirst(signal: 'SIGKILL' | 'SIGSTOP', toReply: () => ReturnType<typeof silentReply>) {
  const lost = Promise.withResolvers<Member>();
  let isLost = false;
  cluster.model.answer = (_body, request) => {
    if (isLost) return textReply(TEXT);
    isLost = true;
    lost.resolve(lose(request, signal));
    return toReply();
  };
  return lost.promise;
}

function lose(request: UpstreamRequest | undefined, signal: 'SIGKILL' | 'SIGSTOP'): Member {
  const worker = request && workers.get(nameOf(request));
  if (!worker) throw new Error('The model was asked by no worker of this test.');
  worker.signal(signal);
  return worker;
}

/** It goes on where it was stopped, and hears what happened meanwhile; a dead one is replaced. */
async function bringBack(worker: Member, signal: 'SIGKILL' | 'SIGSTOP') {
  if (signal === 'SIGKILL') {
    await worker.exited;
    workers.set(worker.name, await cluster.addWorker(worker.name));
  } else {
    worker.signal('SIGCONT');
  }
}

/** It is as before: all workers are there, nothing of what was lost came after all, and requests are answered. */
async function expectRecovered(requests: number) {
  await untilWorkers(workers.size);
  expect(cluster.model.requests).toHaveLength(requests);
  cluster.model.answer = () => textReply(TEXT);
  expect((await ask(front, 'chat completions', 'Hi again')).status).toBe(200);
}

async function untilWorkers(count: number) {
  for (;;) {
    const response = await front.send('/api/admin/status');
    const { cluster: seen } = (await response.json()) as { cluster: { workers: object[] } };
    if (seen.workers.length === count) return;
  }
}

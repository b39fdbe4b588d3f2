import { afterAll, beforeAll, expect, test } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { heldReply, silentReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask } from '../support/calls.ts';
import {
  type Cluster,
  type Member,
  nameOf,
  startCluster,
  untilReady,
  untilWorkers,
} from './start-cluster.ts';

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);
const PLACES = 2;

type Loss = { lose: (worker: Member) => void; bringBack: (worker: Member) => Promise<void> | void };

/** How a worker is lost; it goes on where it was stopped, or is replaced. */
const LOSSES = {
  killed: {
    lose: ({ signal }) => signal('SIGKILL'),
    async bringBack({ name, exited }) {
      await exited;
      workers.set(name, await cluster.addWorker(name));
    },
  },
  frozen: {
    lose: ({ signal }) => signal('SIGSTOP'),
    bringBack: ({ signal }) => signal('SIGCONT'),
  },
  'cut off from Redis': { lose: ({ cut }) => cut(), bringBack: ({ mend }) => mend() },
  'cut off, and back with another address': {
    lose: ({ cut }) => cut(),
    bringBack: ({ mend }) => mend(true),
  },
  'without a link': { lose: ({ cut }) => cut('down'), bringBack: ({ mend }) => mend() },
} satisfies Record<string, Loss>;

type LossName = keyof typeof LOSSES;

const LOSS_NAMES = Object.keys(LOSSES) as LossName[]; // of that table

let cluster: Cluster;
let front: Member;
const workers = new Map<string, Member>();
beforeAll(async () => {
  cluster = await startCluster({
    settings: { WORKER_CONCURRENCY: String(PLACES) },
    hasLinks: true,
  });
  [front] = cluster.fronts as [Member];
  for (const worker of cluster.workers) workers.set(worker.name, worker);
  await untilReady(front);
});
afterAll(() => cluster.stop());

test.each(LOSS_NAMES)('%s before the first word: another worker answers, once', async (loss) => {
  const seen = cluster.model.requests.length;
  const lost = loseFirst(loss, () => silentReply());
  const response = await ask(front, 'chat completions', 'Hi', { stream: true });
  const stream = await readStream('chat completions', response);
  expect(stream).toMatchObject({ status: 200, text: TEXT, hasNormalEnd: true });
  const names = cluster.model.requests.slice(seen).map((request) => nameOf(request));
  expect(names).toHaveLength(2);
  expect(new Set(names).size).toBe(2);
  await LOSSES[loss].bringBack(await lost);
  await expectRecovered(seen + 2);
});

test.each(LOSS_NAMES)('%s in the middle of a whole answer: it is begun anew', async (loss) => {
  const seen = cluster.model.requests.length;
  const lost = loseFirst(loss, () => heldReply('never said twice', NEVER));
  const response = await ask(front, 'messages', 'Hi');
  const body = await response.text();
  expect({ status: response.status, body }).toEqual({
    status: 200,
    body: expect.stringContaining(TEXT),
  });
  expect(body).not.toContain('never said');
  await LOSSES[loss].bringBack(await lost);
  await expectRecovered(seen + 2);
});

test('what was answered while cut off is not heard by a caller who is answered elsewhere', async () => {
  const seen = cluster.model.requests.length;
  const { promise: isBack, resolve: comeBack } = Promise.withResolvers<void>();
  const lost = loseFirst(
    'cut off from Redis',
    () => textReply('never said'),
    () => heldReply(TEXT, isBack),
  );
  const answering = ask(front, 'messages', 'Hi');
  const worker = await lost;
  await cluster.model.waitForRequest((request) => cluster.model.requests.indexOf(request) > seen);
  worker.mend();
  await untilWorkers(front, workers.size);
  comeBack();
  const body = await (await answering).text();
  expect(body).toContain(TEXT);
  expect(body).not.toContain('never said');
  await expectRecovered(seen + 2);
});

test.each([
  ['killed', 'chat completions', 'cli_failed'],
  ['frozen', 'messages', 'api_error'],
  ['cut off from Redis', 'chat completions', 'cli_failed'],
] as const)('%s in the middle of a stream, %s: it ends with %s', async (loss, call, word) => {
  let lost: Promise<Member> | undefined;
  cluster.model.answer = () => heldReply(TEXT, NEVER);
  const response = await ask(front, call, 'Hi', { stream: true });
  const seen = cluster.model.requests.length;
  const { last, ...stream } = await readStream(call, response, (text) => {
    if (text === 'one two') lost ??= Promise.resolve(lose(cluster.model.requests.at(-1), loss));
  });
  expect(stream).toEqual({ status: 200, text: 'one two', hasNormalEnd: false });
  expect(JSON.stringify(last)).toContain(`"${word}"`);
  if (lost) await LOSSES[loss].bringBack(await lost);
  await expectRecovered(seen);
});

test.each(['killed', 'frozen', 'cut off from Redis'] as const)(
  '%s in the middle of an agent: interrupted, and not run again',
  async (loss) => {
    const seen = cluster.model.requests.length;
    const lost = loseFirst(loss, () => silentReply());
    const response = await ask(front, 'agent runs', 'Hi');
    expect(await readFailure(response)).toMatchObject({
      status: 503,
      message: expect.stringContaining('can be resumed'),
    });
    const listed = await front.send('/api/runs');
    const { runs } = (await listed.json()) as { runs: { state: string }[] };
    expect(runs[0]).toMatchObject({ state: 'interrupted' });
    await LOSSES[loss].bringBack(await lost);
    await expectRecovered(seen + 1);
  },
);

test('lost twice: the caller is told', async () => {
  const seen = cluster.model.requests.length;
  const third = await cluster.addWorker('third');
  workers.set('third', third);
  const lost: Member[] = [];
  cluster.model.answer = (_body, request) => {
    if (lost.length === 2) return textReply(TEXT);
    lost.push(lose(request, 'killed'));
    return silentReply();
  };
  const response = await ask(front, 'chat completions', 'Hi');
  expect(await readFailure(response)).toMatchObject({ status: 503, code: 'cli_failed' });
  await Promise.all(lost.map((one) => LOSSES.killed.bringBack(one)));
  await expectRecovered(seen + 2);
});

test.each(['killed', 'frozen', 'cut off from Redis'] as const)(
  '%s, whichever it is: tokens are counted by the other one',
  async (loss) => {
    const body = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
    await untilWorkers(front, workers.size);
    for (const worker of [...workers.values()].slice(0, 2)) {
      const before = await listWorkerIds();
      LOSSES[loss].lose(worker);
      const response = await front.send('/v1/messages/count_tokens', body);
      expect(response.status).toBe(200);
      await LOSSES[loss].bringBack(worker);
      if (loss === 'killed') await untilReplaced(before);
      await untilWorkers(front, workers.size);
    }
  },
);

async function listWorkerIds() {
  const response = await front.send('/api/admin/status');
  const { cluster: seen } = (await response.json()) as { cluster: { workers: { id: string }[] } };
  return seen.workers.map(({ id }) => id);
}

/** A killed worker is listed until its lease has ended. */
async function untilReplaced(before: readonly string[]) {
  const isSame = async () => {
    const now = await listWorkerIds();
    return before.every((id) => now.includes(id));
  };
  await expect.poll(isSame).toBe(false);
}

/** The first worker from which the model is asked is lost; the others are answered. */
function loseFirst(
  loss: LossName,
  toReply: () => ReturnType<typeof silentReply>,
  toOthers = () => textReply(TEXT),
) {
  const lost = Promise.withResolvers<Member>();
  let isLost = false;
  cluster.model.answer = (_body, request) => {
    if (isLost) return toOthers();
    isLost = true;
    lost.resolve(lose(request, loss));
    return toReply();
  };
  return lost.promise;
}

function lose(request: UpstreamRequest | undefined, loss: LossName): Member {
  const worker = request && workers.get(nameOf(request));
  if (!worker) throw new Error('The model was asked by no worker of this test.');
  LOSSES[loss].lose(worker);
  return worker;
}

/** It is as before: nothing of what was lost came after all, and all workers are there and take what they can. */
async function expectRecovered(requests: number) {
  await untilWorkers(front, workers.size);
  expect(cluster.model.requests).toHaveLength(requests);
  const { promise: haveAsked, resolve: noteAsked } = Promise.withResolvers<void>();
  const count = workers.size * PLACES;
  cluster.model.answer = () => {
    if (cluster.model.requests.length === requests + count) noteAsked();
    return heldReply(TEXT, haveAsked);
  };
  const asking = Array.from({ length: count }, (_, index) => ask(front, 'messages', `Hi ${index}`));
  for (const response of await Promise.all(asking)) expect(response.status).toBe(200);
}

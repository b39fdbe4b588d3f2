import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { type Backend, NO_STEERING } from '../../src/backend.ts';
import { type Call, createAnswerCalls, createCalls } from '../../src/cluster/calls.ts';
import { createAskAWorker } from '../../src/cluster/front/ask-a-worker.ts';
import { createNames } from '../../src/cluster/names.ts';
import { type ClusterRedis, openRedis } from '../../src/cluster/open-redis.ts';
import { toSessionAway } from '../../src/cluster/refusals.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { carryOutCall } from '../../src/cluster/worker/carry-out-call.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const SHARED = { names: createNames('prefix'), seal: createSeal('a-secret-0123456789') };
/** What a caller is told of a worker that was lost: a 503. */
const LOST = { code: 'cli-failed', retryAfterSeconds: 2 };

const CALL = { method: 'steering.send', args: ['run', { id: 'm1', text: 'A word.' }] };

let server: RedisServer;
let cluster: ClusterRedis;
let calls: ReturnType<typeof createCalls>;
beforeAll(async () => {
  server = await startRedis();
  cluster = await openRedis({
    url: server.url,
    prefix: 'prefix',
    seal: SHARED.seal,
    onProblem: () => undefined,
  });
  calls = createCalls({ ...SHARED, cluster }, 'front');
  await listen(SHARED.names.toFront('front'), calls.take);
});
afterAll(async () => {
  cluster.close();
  await server.stop();
});

async function listen(channel: string, take: (message: string) => unknown) {
  const connection = cluster.connect();
  connection.on('message', (_channel, message) => void take(message));
  await connection.subscribe(channel);
}

/** The same connection, on which the answer to what is set is lost at first: it is sent again. */
function losingAnswers() {
  const { redis } = cluster;
  const sent: (() => Promise<unknown>)[] = [];
  const send = redis.set.bind(redis) as (...args: unknown[]) => Promise<unknown>;
  const sendAgain = async (...args: unknown[]) => {
    sent.push(() => send(...args));
    await send(...args);
    return send(...args);
  };
  const losing = Object.create(redis, { set: { value: sendAgain } }) as typeof redis;
  return { cluster: { ...cluster, redis: losing }, sent };
}

/** A worker that carries out what it is asked, and is asked `times` times, as by a connection that was lost in between. */
async function addWorker(name: string, carryOut: (call: Call) => Promise<unknown>, times = 1) {
  const answer = createAnswerCalls({ ...SHARED, cluster }, name, carryOut);
  await listen(SHARED.names.toWorker(name), async (message) => {
    for (let time = 0; time < times; time += 1) await answer(message);
  });
}

/** A worker that hears, and does nothing until it goes on. */
async function addFrozen(name: string, carryOut: (call: Call) => Promise<unknown>) {
  const { promise: heard, resolve: noteHeard } = Promise.withResolvers<void>();
  const { promise: goesOn, resolve: goOn } = Promise.withResolvers<void>();
  const answer = createAnswerCalls({ ...SHARED, cluster }, name, carryOut);
  const done = Promise.withResolvers<void>();
  await listen(SHARED.names.toWorker(name), async (message) => {
    noteHeard();
    await goesOn;
    await answer(message);
    done.resolve();
  });
  const goOnAndEnd = () => {
    goOn();
    return done.promise;
  };
  return { heard, goOn: goOnAndEnd };
}

/** Asks the first of these workers, and then the next one. */
function askOf(workers: readonly string[], isRepeatable = false) {
  const ask = createAskAWorker({ calls, isUp: () => true });
  const find = (except?: string) => workers.find((worker) => worker !== except);
  return ask(CALL.method, CALL.args, { find, toAway: toSessionAway, isRepeatable });
}

test('a call that arrives twice is carried out once, and answered', async () => {
  const carriedOut: Call[] = [];
  await addWorker('twice', (call) => Promise.resolve(carriedOut.push(call)), 2);
  expect(await askOf(['twice'])).toBe(1);
  expect(carriedOut).toEqual([CALL]);
});

test('who asks a worker of an earlier version, or one that fails, is told so', async () => {
  const earlier = { steering: NO_STEERING } as unknown as Backend; // nothing else of it is asked
  await addWorker('earlier', ({ args }) => carryOutCall(earlier, { method: 'later', args }));
  await addWorker('failing', () => Promise.reject(new Error('It broke.')));
  await expect(askOf(['earlier', 'twice'])).rejects.toMatchObject({
    code: 'queue-timeout',
    message: expect.stringContaining('earlier version'),
  });
  await expect(askOf(['failing', 'twice'])).rejects.toMatchObject({
    code: 'internal',
    message: 'The server failed; its log says why.',
  });
});

test('where no worker listens, another one is asked, and else it is a refusal that says so', async () => {
  await addWorker('listening', () => Promise.resolve('Done.'));
  expect(await askOf(['gone', 'listening'])).toBe('Done.');
  const refusal = { code: 'queue-timeout', retryAfterSeconds: 5 };
  await expect(askOf(['gone'])).rejects.toMatchObject(refusal);
  await expect(askOf(['gone', 'gone, too', 'listening'])).rejects.toMatchObject(LOST);
});

test('a worker that is lost before it begins is never late: another one has done it', async () => {
  await addWorker('other', () => Promise.resolve('Done.'));
  const carryOut = vi.fn<(call: Call) => Promise<unknown>>(() => Promise.resolve('Late.'));
  const frozen = await addFrozen('frozen', carryOut);
  const asking = askOf(['frozen', 'other']);
  await frozen.heard;
  calls.check((worker) => worker !== 'frozen');
  expect(await asking).toBe('Done.');
  await frozen.goOn();
  expect(carryOut).not.toHaveBeenCalled();
});

test('what a lost worker has begun is asked of another one only if it may be done twice', async () => {
  const done = vi.fn<() => Promise<unknown>>(() => Promise.resolve('Done.'));
  await addWorker('next', done);
  const askBegun = async (name: string, isRepeatable: boolean) => {
    const { promise: begun, resolve: noteBegun } = Promise.withResolvers<void>();
    await addWorker(name, () => {
      noteBegun();
      return new Promise(() => {});
    });
    const asking = askOf([name, 'next'], isRepeatable);
    void begun.then(() => calls.check((worker) => worker !== name));
    return asking;
  };
  await expect(askBegun('begun', false)).rejects.toMatchObject(LOST);
  expect(await askBegun('begun, too', true)).toBe('Done.');
  expect(done).toHaveBeenCalledOnce();
});

test('a worker that has to ask twice whether it may begin begins', async () => {
  const worker = createAnswerCalls(
    { ...SHARED, ...losingAnswers() },
    'unsure',
    async () => 'Done.',
  );
  await listen(SHARED.names.toWorker('unsure'), worker);
  expect(await askOf(['unsure'])).toBe('Done.');
}, 40_000);

test('what has begun is not offered again by a front that says once more that it asks', async () => {
  const again = losingAnswers();
  const asking = createCalls({ ...SHARED, cluster: again.cluster }, 'repeating');
  const { promise: begun, resolve: noteBegun } = Promise.withResolvers<void>();
  await addWorker('hanging', () => {
    noteBegun();
    return new Promise(() => {});
  });
  const asked = asking.ask('hanging', CALL);
  await begun;
  for (const send of again.sent) await send();
  asking.check(() => false);
  expect(await asked).toEqual({ kind: 'lost', mayHaveBegun: true });
});

test('a front of an earlier version, which takes nothing back, is answered', async () => {
  await addWorker('later', () => Promise.resolve('Done.'));
  const answered = Promise.withResolvers<string>();
  await listen(SHARED.names.toFront('earlier'), answered.resolve);
  const text = JSON.stringify({ id: 'one', front: 'earlier', method: 'readStatus', args: [] });
  const sealed = SHARED.seal.close(text, 'call later').toString('base64');
  await cluster.redis.publish(SHARED.names.toWorker('later'), `call ${sealed}`);
  const answer = SHARED.seal.open(Buffer.from(await answered.promise, 'base64'), 'answer earlier');
  expect(JSON.parse(answer)).toEqual({ id: 'one', value: 'Done.' });
});

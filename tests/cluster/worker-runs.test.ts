import { expect, test } from 'vitest';

import { createWorkerRuns } from '../../src/cluster/worker/worker-runs.ts';
import type { RunRecords } from '../../src/cluster/run-records.ts';
import { createSeal } from '../../src/cluster/seal.ts';
import { requestToWire } from '../../src/run-wire.ts';
import { toChatRequest } from '../claude/chat-request.ts';

const seal = createSeal('a-secret-of-this-cluster-0123456789');
const ROUNDS = [1, 2, 3];

test('a front without a sign of life is lost, but not while Redis has only just come back', async () => {
  let isSettled = false;
  const begun = Promise.withResolvers<AbortSignal>();
  const runs = createWorkerRuns({
    records: withoutFront(),
    seal,
    worker: 'worker',
    async *run(_request, signal) {
      begun.resolve(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      yield { type: 'run-progress', step: 'queued' };
    },
    isSettled: () => isSettled,
    offer: () => Promise.resolve(),
    onChange: ignore,
    onProblem: ignore,
  });
  const done = runs.carryOut('one', ignore);
  const signal = await begun.promise;
  for (const _ of ROUNDS) await runs.check();
  expect(signal.aborted).toBe(false);
  isSettled = true;
  for (const _ of ROUNDS) await runs.check();
  expect(signal.aborted).toBe(true);
  await done;
});

/** One run on record, and no sign of life of its front. */
function withoutFront(): RunRecords {
  const sealed = seal.close(requestToWire(toChatRequest()), 'request one');
  return {
    submit: () => Promise.resolve('full'),
    claim: () => Promise.resolve({ verdict: 'yours', attempt: 1, front: 'front', request: sealed }),
    append: () => Promise.resolve(0),
    abandon: () => Promise.resolve(),
    recover: () => Promise.resolve({ state: 'running', attempt: 1 }),
    handBack: () => Promise.resolve('fenced'),
    cancel: () => Promise.resolve(),
    noteRead: () => Promise.resolve(),
    isAtWork: () => Promise.resolve(true),
    readAhead: () => Promise.resolve(0),
    hasFront: () => Promise.resolve(false),
  };
}

function ignore(): void {}

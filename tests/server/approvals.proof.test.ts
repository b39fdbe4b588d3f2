import { expect, onTestFinished, test } from 'vitest';

import type { Answer } from '../../src/demo/model-server.ts';
import { followRun } from '../support/follow-run.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { approvalRuns, running } from './approval-runs.ts';

let proxy: Proxy;

const { start, say, read, made } = approvalRuns(() => proxy);

/** A proxy that no other test uses, until this one is over. */
async function startOwn(answer: Answer, settings: Record<string, string>): Promise<Proxy> {
  const own = await startProxy({ answer, settings });
  onTestFinished(() => proxy.stop()); // it may have been restarted
  return own;
}

test('a tool that needs leave is denied when nobody answers in time', async () => {
  proxy = await startOwn(running('touch made'), { APPROVAL_TIMEOUT_MS: '200' });
  const { id, until } = await start();
  const input = await until('approval-request');
  expect(await until('input-settled')).toMatchObject({
    decision: 'deny',
    message: 'Nobody answered within 1 s.',
  });
  await until('run-end');
  expect((await say(id, input, { decision: 'allow' })).status).toBe(409);
  expect(await made()).toEqual([]);
});

test('a run waits for leave without a place, so that others can work', async () => {
  proxy = await startOwn(running('touch one', 'touch two'), { WORKER_CONCURRENCY: '1' });
  const first = await start();
  const input = await first.until('approval-request');
  const second = await start();
  const other = await second.until('approval-request');
  for (const [run, asked] of [
    [second, other],
    [first, input],
  ] as const) {
    await say(run.id, asked, { decision: 'allow' });
    await run.until('run-end');
  }
  expect((await made()).toSorted()).toEqual(['one', 'two']);
});

test('a run that waits when the server ends goes on in its session', async () => {
  proxy = await startOwn(running('touch made', 'touch made'), { SHUTDOWN_GRACE_MS: '0' });
  const { id, until } = await start();
  const input = await until('approval-request');
  proxy = await proxy.restart();
  expect(await read(id)).toMatchObject({ state: 'interrupted' });
  expect((await say(id, input, { decision: 'allow' })).status).toBe(409);

  const response = await proxy.send(`/api/runs/${id}/resume`, {});
  const resumed = (await response.json()) as { id: string }; // a run
  const next = followRun(proxy, resumed.id);
  await say(resumed.id, await next.until('approval-request'), { decision: 'allow' });
  await next.until('run-end');
  expect(await read(resumed.id)).toMatchObject({ state: 'done', resumedFrom: id });
  expect(await made()).toEqual(['made']);
});

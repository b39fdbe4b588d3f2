import { afterEach, expect, test } from 'vitest';

import { heldReply, textReply } from '../../src/demo/replies.ts';
import { readSse } from '../support/read-sse.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
afterEach(() => proxy.stop());

type Told = { id: string; state: string; sessionId: string };

const read = async (response: Promise<Response>): Promise<Told> =>
  (await response).json() as Promise<Told>; // what it holds is looked at below

test('when the server starts again, runs that waited for their turn go on, and one that was cut goes on in its session', async () => {
  const never = new Promise<void>(() => undefined);
  proxy = await startProxy({
    answer: () => heldReply('I begin to work.', never),
    settings: { SHUTDOWN_GRACE_MS: '0', WORKER_CONCURRENCY: '1' },
  });
  const body = { model: 'sonnet', prompt: 'Work.', background: true };
  const first = await read(proxy.send('/api/run', body));
  for await (const { event } of readSse(await proxy.send(`/api/runs/${first.id}/events`))) {
    if (event === 'part-delta') break;
  }
  const second = await read(proxy.send('/api/run', body));
  proxy.model.answer = () => textReply('Now it is done.');
  proxy = await proxy.restart();
  await Array.fromAsync(readSse(await proxy.send(`/api/runs/${second.id}/events`)));
  expect(await read(proxy.send(`/api/runs/${second.id}`))).toMatchObject({
    state: 'done',
    answer: { result: 'Now it is done.' },
  });
  const cut = await read(proxy.send(`/api/runs/${first.id}`));
  expect(cut).toMatchObject({ state: 'interrupted', sessionId: expect.any(String) });

  const response = await proxy.send(`/api/runs/${first.id}/resume`, {});
  expect(response.status).toBe(202);
  const resumed = await read(Promise.resolve(response));
  expect(resumed).toMatchObject({ resumedFrom: first.id, background: true });
  await Array.fromAsync(readSse(await proxy.send(`/api/runs/${resumed.id}/events`)));
  expect(await read(proxy.send(`/api/runs/${resumed.id}`))).toMatchObject({
    state: 'done',
    sessionId: cut.sessionId,
    answer: { result: 'Now it is done.', sessionId: cut.sessionId },
  });
  expect(JSON.stringify(proxy.model.requests.at(-1)?.body.messages)).toContain('Work.');
});

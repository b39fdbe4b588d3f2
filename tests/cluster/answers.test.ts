import { afterAll, beforeAll, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { errorReply, heldReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { type Cluster, type Member, nameOf, startCluster, untilReady } from './start-cluster.ts';

const TEXT = 'one two three four';

let cluster: Cluster;
let front: Member;
let other: Member;
beforeAll(async () => {
  cluster = await startCluster({
    fronts: ['front', 'other'],
    settings: { CLAUDE_MAX_RETRIES: '0', WORKER_CONCURRENCY: '2' },
  });
  [front, other] = cluster.fronts as [Member, Member];
  await untilReady(front);
});
afterAll(() => cluster.stop());

test.each(CALL_NAMES)('%s, whole and streamed, over a worker', async (call) => {
  cluster.model.answer = () => textReply(TEXT);
  const whole = await ask(front, call, 'Hi');
  expect({ status: whole.status, body: await whole.text() }).toEqual({
    status: 200,
    body: expect.stringContaining(TEXT),
  });
  const stream = await readStream(call, await ask(other, call, 'Hi', { stream: true }));
  expect(stream).toMatchObject({ status: 200, text: TEXT, hasNormalEnd: true });
});

test('a stream arrives word by word', async () => {
  const held = Promise.withResolvers<void>();
  cluster.model.answer = () => heldReply(TEXT, held.promise);
  const response = await ask(front, 'messages', 'Hi', { stream: true });
  const stream = await readStream('messages', response, (text) => {
    if (text === 'one two') held.resolve();
  });
  expect(stream).toMatchObject({ text: TEXT, hasNormalEnd: true });
});

test('a failure of the API crosses as what it is', async () => {
  cluster.model.answer = () => errorReply(429, 'rate_limit_error', 'Slow down.', { retryAfter: 7 });
  const response = await ask(front, 'messages', 'Hi');
  expect(await readFailure(response)).toMatchObject({ status: 429, type: 'rate_limit_error' });
});

test('an image, and a long answer', async () => {
  cluster.model.answer = () => textReply('word '.repeat(20_000));
  const pixel =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const source = { type: 'base64', media_type: 'image/png', data: pixel };
  const response = await front.send('/v1/messages', {
    model: 'sonnet',
    max_tokens: 30_000,
    stream: true,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source },
          { type: 'text', text: '?' },
        ],
      },
    ],
  });
  const stream = await readStream('messages', response);
  expect(stream.text.length).toBe(100_000);
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain(pixel);
});

test('tool results go to the worker whose process waits for them, from another front too', async () => {
  for (const _ of [1, 2, 3]) {
    cluster.model.answer = () => toolReply([{ id: 'toolu_1', name: 'look', input: {} }]);
    const seen = cluster.model.requests.length;
    const called = await front.send('/v1/messages', toToolBody());
    expect(await called.json()).toMatchObject({ stop_reason: 'tool_use' });
    cluster.model.answer = () => textReply(TEXT);
    const answered = await other.send('/v1/messages', toToolBody('It is green.'));
    expect(await answered.text()).toContain(TEXT);
    const names = cluster.model.requests.slice(seen).map((request) => nameOf(request));
    expect(new Set(names).size).toBe(1);
  }
});

test('a conversation goes on in the worker that holds it', async () => {
  cluster.model.answer = demoAnswer;
  for (const round of [1, 2, 3]) {
    const first = { role: 'user', content: `Round ${round}.` };
    const begun = await front.send('/v1/messages', toBody([first]));
    const { content } = (await begun.json()) as { content: unknown };
    const holder = cluster.model.requests.at(-1);
    const rest = [
      { role: 'assistant', content },
      { role: 'user', content: 'And?' },
    ];
    expect((await other.send('/v1/messages', toBody([first, ...rest]))).status).toBe(200);
    expect(cluster.model.requests.at(-1)?.headers['x-worker']).toBe(holder?.headers['x-worker']);
  }
});

test('a caller who leaves ends the turn at the worker', async () => {
  cluster.model.answer = () => heldReply(TEXT, new Promise(() => undefined));
  const left = new AbortController();
  const response = await ask(front, 'messages', 'Hi', { stream: true, signal: left.signal });
  const reading = readStream('messages', response, () => left.abort());
  await expect(reading).rejects.toThrow('aborted');
  expect(await cluster.model.requests.at(-1)?.closed).toBe('aborted');
});

test('the status of the server shows the workers', async () => {
  const status = await front.send('/api/admin/status');
  expect(await status.json()).toMatchObject({
    cluster: { isConnected: true, workers: [{ places: 2 }, { places: 2 }] },
  });
  const metrics = await (await front.send('/metrics')).text();
  expect(metrics).toContain('claude_proxy_cluster_up 1');
  expect(metrics).toMatch(/^process_cpu_seconds_total\{.*front="/m);
  expect(metrics.match(/^claude_proxy_worker_places\{.*\} 2$/gm)).toHaveLength(2);
});

function toBody(messages: readonly object[]) {
  return { model: 'sonnet', max_tokens: 100, messages };
}

function toToolBody(result?: string) {
  const question = { role: 'user', content: 'Look at it.' };
  const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} };
  const answer = { type: 'tool_result', tool_use_id: 'toolu_1', content: result };
  const rest =
    result === undefined
      ? []
      : [
          { role: 'assistant', content: [call] },
          { role: 'user', content: [answer] },
        ];
  const tools = [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }];
  return { ...toBody([question, ...rest]), tools };
}

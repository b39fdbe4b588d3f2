import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { heldReply, silentReply, textReply } from '../../src/demo/replies.ts';
import { readSse } from '../support/read-sse.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

/** What was sent to the background at a front that is killed then. */

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);

type Response = { id: string; status: string; output: { content?: { text: string }[] }[] };

let cluster: Cluster;
let front: Member;
let lost: Member;
beforeAll(async () => {
  cluster = await startCluster({ workers: ['a'], settings: { WORKER_CONCURRENCY: '2' } });
  [front] = cluster.fronts as [Member];
  await untilReady(front);
  lost = await cluster.addFront('lost');
  await untilReady(lost);
});
afterEach(() => {
  cluster.model.answer = () => textReply(TEXT);
});
afterAll(() => cluster.stop());

async function loseFront() {
  lost.signal('SIGKILL');
  await lost.exited;
  const found = await cluster.addFront('lost');
  await untilReady(found);
  lost = found;
}

test('one whose model is slow, and one that waits for its turn, are answered at the other front', async () => {
  cluster.model.answer = () => silentReply();
  const slow = await Promise.all([start(lost, 'Slow.'), start(lost, 'Slow, too.')]);
  await cluster.model.waitForRequest(({ body }) => JSON.stringify(body).includes('Slow, too.'));
  const waiting = await start(lost, 'And I wait.');
  expect(await read(waiting)).toMatchObject({ status: 'queued' });
  cluster.model.answer = () => textReply(TEXT);
  await loseFront();
  for (const id of [...slow, waiting]) {
    const response = await untilStatus(id, 'completed');
    expect(response.output).toEqual([expect.objectContaining({ content: [toText(TEXT)] })]);
  }
});

test('the conversation goes on with what it was asked, and from what is answered then', async () => {
  const first = await send(front, { input: 'My word is basalt.' });
  cluster.model.answer = () => silentReply();
  const second = await start(lost, 'Which word?', { previous_response_id: first.id });
  await cluster.model.waitForRequest(({ body }) => JSON.stringify(body).includes('Which word?'));
  cluster.model.answer = () => textReply(TEXT);
  await loseFront();
  expect(await untilStatus(second, 'completed')).toMatchObject({ previous_response_id: first.id });
  const asked = JSON.stringify(cluster.model.requests.at(-1)?.body);
  expect(asked.split('basalt')).toHaveLength(2);
  await send(front, { input: 'And?', previous_response_id: second });
  expect(JSON.stringify(cluster.model.requests.at(-1)?.body)).toContain(TEXT);
});

test('who follows one without a word so far reads it at the other front, without a gap or a repeat', async () => {
  cluster.model.answer = () => silentReply();
  const { id, heard } = await startStream('Nothing yet.', 'response.queued');
  cluster.model.answer = () => textReply(TEXT);
  await loseFront();
  const rest = await follow(id, heard.length - 1);
  const numbers = [...heard, ...rest].map(({ sequence_number }) => sequence_number);
  expect(numbers).toEqual(numbers.map((_, index) => index));
  expect(rest.map(({ type }) => type)).not.toContain('response.created');
  expect(toSaid(rest)).toBe(TEXT);
  expect(rest.at(-1)).toMatchObject({ type: 'response.completed' });
  expect(await follow(id, -1)).toEqual([...heard, ...rest]);
});

test('one of which words were heard has failed, and its followers are told so', async () => {
  cluster.model.answer = () => heldReply(TEXT, NEVER);
  const { id, heard } = await startStream('Count.', 'response.output_text.delta');
  await loseFront();
  const rest = await follow(id, heard.length - 1);
  const numbers = [...heard, ...rest].map(({ sequence_number }) => sequence_number);
  expect(numbers).toEqual(numbers.map((_, index) => index));
  expect(rest.at(-1)).toMatchObject({ type: 'response.failed' });
  expect(await read(id)).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('was lost') },
  });
  expect(countAsked('Count.')).toBe(1);
});

test('one that is cancelled after its front was killed stays cancelled', async () => {
  cluster.model.answer = () => silentReply();
  const id = await start(lost, 'Cancel me.');
  await cluster.model.waitForRequest(({ body }) => JSON.stringify(body).includes('Cancel me.'));
  lost.signal('SIGKILL');
  await lost.exited;
  const cancelled = await front.send(`/v1/responses/${id}/cancel`, undefined, { method: 'POST' });
  expect(await cancelled.json()).toMatchObject({ id, status: 'cancelled' });
  await untilReady(await cluster.addFront('another'));
  expect(await read(id)).toMatchObject({ status: 'cancelled' });
  expect(countAsked('Cancel me.')).toBe(1);
});

test('a front that stops leaves to the others of what nobody has heard a word', async () => {
  const leaving = await cluster.addFront('leaving', { SHUTDOWN_GRACE_MS: '0' });
  await untilReady(leaving);
  cluster.model.answer = () => silentReply();
  const id = await start(leaving, 'Stop.');
  await cluster.model.waitForRequest(({ body }) => JSON.stringify(body).includes('Stop.'));
  cluster.model.answer = () => textReply(TEXT);
  leaving.signal('SIGTERM');
  await leaving.exited;
  expect(await untilStatus(id, 'completed')).toMatchObject({ error: null });
});

function countAsked(text: string) {
  return cluster.model.requests.filter(({ body }) => JSON.stringify(body).includes(text)).length;
}

const BODY = { model: 'sonnet' };

async function send(member: Member, body: object): Promise<Response> {
  const response = await member.send('/v1/responses', { ...BODY, ...body });
  expect(response.status).toBe(200);
  return (await response.json()) as Response;
}

async function start(member: Member, input: string, more: object = {}) {
  return (await send(member, { input, background: true, ...more })).id;
}

async function read(id: string): Promise<Response> {
  return (await (await front.send(`/v1/responses/${id}`)).json()) as Response;
}

async function untilStatus(id: string, status: string) {
  await vi.waitFor(async () => expect(await read(id)).toMatchObject({ status }), {
    timeout: 60_000,
    interval: 200,
  });
  return read(id);
}

type Heard = { type: string; sequence_number: number; delta?: string; response?: { id: string } };

/** Hears a stream at the front that will be lost, until an event of this type has come. */
async function startStream(input: string, type: string) {
  const left = new AbortController();
  const body = { ...BODY, input, background: true, stream: true };
  const response = await lost.send('/v1/responses', body, { signal: left.signal });
  const heard: Heard[] = [];
  for await (const event of readEvents(response)) {
    heard.push(event);
    if (event.type === type) break;
  }
  left.abort();
  return { id: heard[0]?.response?.id ?? '', heard };
}

async function follow(id: string, after: number) {
  const from = after < 0 ? '' : `&starting_after=${after}`;
  return Array.fromAsync(readEvents(await front.send(`/v1/responses/${id}?stream=true${from}`)));
}

async function* readEvents(response: globalThis.Response): AsyncIterable<Heard> {
  for await (const { data } of readSse(response)) yield JSON.parse(data) as Heard; // as the API says
}

function toSaid(events: readonly Heard[]) {
  const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
  return deltas.map(({ delta }) => delta).join('');
}

function toText(text: string) {
  return expect.objectContaining({ type: 'output_text', text });
}

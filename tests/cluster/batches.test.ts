import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

import { silentReply, textReply } from '../../src/demo/replies.ts';
import { KEY } from '../support/start-proxy.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

/** Batches of a cluster: taken at one front, seen at each, carried out whatever becomes of that one. */

const TEXT = 'one two three four';
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

type BatchView = {
  id: string;
  status: string;
  input_file_id: string;
  output_file_id: string;
  request_counts: { completed: number };
};

let cluster: Cluster;
let front: Member;
beforeAll(async () => {
  cluster = await startCluster({ workers: ['a'], settings: { WORKER_CONCURRENCY: '2' } });
  [front] = cluster.fronts as [Member];
  await untilReady(front);
});
afterEach(() => {
  cluster.model.answer = () => textReply(TEXT);
});
afterAll(() => cluster.stop());

async function openFront(name: string) {
  const opened = await cluster.addFront(name);
  await untilReady(opened);
  return opened;
}

test('a batch of a front that is killed is carried out by another one, each request answered once', async () => {
  const lost = await openFront('lost');
  let asked = 0;
  cluster.model.answer = () => {
    asked += 1;
    return asked <= 2 ? textReply(TEXT) : silentReply();
  };
  const batch = await startBatch(lost);
  await vi.waitFor(
    async () => {
      const { request_counts: counts } = await readBatch(batch.id);
      expect(counts.completed).toBe(2);
      expect(asked).toBe(4);
    },
    { timeout: 60_000, interval: 100 },
  );
  lost.signal('SIGKILL');
  await lost.exited;
  cluster.model.answer = () => textReply(TEXT);
  const ended = await untilStatus(batch.id, 'completed');
  expect(ended.request_counts).toEqual({ total: 6, completed: 6, failed: 0 });
  const output = await (await front.send(`/v1/files/${ended.output_file_id}/content`)).text();
  const lines = output.trim().split('\n');
  const answers = lines.map((line) => JSON.parse(line) as { custom_id: string });
  expect(answers.map(({ custom_id }) => custom_id)).toEqual(IDS);
  expect(output.split(TEXT)).toHaveLength(7);
  expect(await (await front.send(`/v1/files/${batch.input_file_id}/content`)).text()).toBe(
    toLines(),
  );
});

test('it is read, listed, cancelled and removed at each front', async () => {
  const other = await openFront('other');
  cluster.model.answer = () => silentReply();
  const requests = IDS.map((custom_id) => ({
    custom_id,
    params: {
      model: 'sonnet',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hi' }],
    },
  }));
  const path = '/v1/messages/batches';
  const made = await other.send(path, { requests });
  const { id } = (await made.json()) as { id: string };
  expect(await (await front.send(`${path}/${id}`)).json()).toMatchObject({
    processing_status: 'in_progress',
    request_counts: { processing: 6 },
  });
  expect(await (await front.send(path)).json()).toMatchObject({ data: [{ id }] });
  const cancelled = await front.send(`${path}/${id}/cancel`, undefined, { method: 'POST' });
  expect(await cancelled.json()).toMatchObject({ processing_status: 'canceling' });
  await vi.waitFor(
    async () =>
      expect(await (await front.send(`${path}/${id}`)).json()).toMatchObject({
        processing_status: 'ended',
        request_counts: { canceled: 6 },
      }),
    { timeout: 60_000, interval: 100 },
  );
  const results = await (await front.send(`${path}/${id}/results`)).text();
  expect(results.trim().split('\n')).toHaveLength(6);
  expect((await front.send(`${path}/${id}`, undefined, { method: 'DELETE' })).status).toBe(200);
  expect((await other.send(`${path}/${id}`)).status).toBe(404);
});

async function startBatch(member: Member): Promise<BatchView> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([toLines()], 'asked.jsonl'));
  const uploaded = await fetch(`${member.url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: form,
  });
  const { id } = (await uploaded.json()) as { id: string };
  const made = await member.send('/v1/batches', {
    input_file_id: id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  return (await made.json()) as BatchView;
}

function toLines() {
  const body = { model: 'sonnet', messages: [{ role: 'user', content: 'Hi' }] };
  const lines = IDS.map((custom_id) =>
    JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body }),
  );
  return `${lines.join('\n')}\n`;
}

async function readBatch(id: string) {
  return (await (await front.send(`/v1/batches/${id}`)).json()) as BatchView;
}

async function untilStatus(id: string, status: string) {
  await vi.waitFor(async () => expect(await readBatch(id)).toMatchObject({ status }), {
    timeout: 100_000,
    interval: 200,
  });
  return readBatch(id);
}

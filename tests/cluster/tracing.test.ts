import { afterAll, beforeAll, expect, test } from 'vitest';

import { ask } from '../support/calls.ts';
import { type Collector, startCollector } from '../tracing/start-collector.ts';
import { type Cluster, type Member, startCluster, untilReady } from './start-cluster.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

let collector: Collector;
let cluster: Cluster;
let front: Member;
let worker: Member;
beforeAll(async () => {
  collector = await startCollector();
  cluster = await startCluster({
    workers: ['a'],
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=secret',
      OTEL_SERVICE_NAME: 'assistants',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      LOG_LEVEL: 'info',
    },
  });
  [front, worker] = [cluster.fronts[0] as Member, cluster.workers[0] as Member];
  await untilReady(front);
});
afterAll(async () => {
  await cluster.stop();
  await collector.stop();
});

test('the spans of a front and its worker are one trace', async () => {
  const headers = { traceparent: `00-${TRACE}-b7ad6b7169203331-01` };
  const messages = [{ role: 'user', content: 'my private question' }];
  const body = { model: 'sonnet', max_tokens: 100, messages };
  const response = await front.send('/v1/messages', body, { headers });
  expect(response.status).toBe(200);
  const [run, queue, taken, turn] = await Promise.all(
    ['chat sonnet', 'queue', 'worker', 'claude turn'].map((name) => collector.find(name)),
  );
  const requestId = response.headers.get('x-request-id');
  for (const span of [run, queue, taken, turn]) expect(span?.traceId).toBe(TRACE);
  expect(run?.resource).toMatchObject({ 'claude_proxy.role': 'front' });
  expect(queue?.parentSpanId).toBe(run?.spanId);
  expect(taken).toMatchObject({
    parentSpanId: run?.spanId,
    attributes: { 'claude_proxy.request_id': requestId },
    resource: { 'claude_proxy.role': 'worker', 'service.name': 'assistants' },
  });
  expect(turn?.parentSpanId).toBe(taken?.spanId);
  expect(collector.headers).toMatchObject({ 'x-collector-key': 'secret' });
  expect(collector.text).not.toContain('private');
});

test('the log lines of a request bear its id at the front and at the worker', async () => {
  const response = await ask(front, 'messages', 'Hi');
  const requestId = response.headers.get('x-request-id');
  await collector.find('chat sonnet');
  await expect.poll(() => findLine(front, requestId)).toMatchObject({ msg: 'request' });
  await expect
    .poll(() => findLine(worker, requestId))
    .toMatchObject({
      msg: 'run',
      dialect: 'worker',
      outcome: 'stop',
    });
});

test('the metrics of a worker bear its name, as the front calls it', async () => {
  await ask(front, 'messages', 'Hi');
  const [own, seen] = await Promise.all(
    [worker, front].map(async (member) => (await member.send('/metrics')).text()),
  );
  const labels = /^claude_proxy_worker_places\{(worker="[^"]+",host="[^"]+")\}/m.exec(
    seen ?? '',
  )?.[1];
  expect(labels).toBeDefined();
  const lines =
    own?.split('\n').filter((line) => /^(claude_proxy|nodejs|process)_/.test(line)) ?? [];
  expect(lines.filter((line) => !line.includes(labels ?? ''))).toEqual([]);
  expect(own).toMatch(/^claude_proxy_worker_runs_total\{outcome="stop",.*\} [1-9]/m);
});

/** The line of the log that is about this request. */
function findLine({ output }: Member, requestId: string | null): unknown {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find((line) => line['requestId'] === requestId);
}

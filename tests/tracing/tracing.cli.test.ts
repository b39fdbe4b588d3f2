import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { type Collector, startCollector } from './start-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

let collector: Collector;
let proxy: Proxy;
beforeAll(async () => {
  collector = await startCollector();
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50'); // the SDK reads it
  proxy = await startProxy({ settings: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  vi.unstubAllEnvs();
});
afterAll(async () => {
  await proxy.stop();
  await collector.stop();
});

test('a command of an agent finds the trace in its environment', async () => {
  const run = { model: 'sonnet', prompt: 'demo:bash=echo $TRACEPARENT', allowedTools: ['Bash'] };
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
  expect((await proxy.send('/api/run', run, { headers })).status).toBe(200);
  const { spanId } = await collector.find('claude turn');
  expect(JSON.stringify(proxy.model.requests.at(-1)?.body)).toContain(`00-${TRACE}-${spanId}-01`);
  expect((await collector.find('invoke_agent')).attributes).toMatchObject({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.conversation.id': expect.any(String),
  });
});

test('a streamed request over the CLI is one trace, which is sent when the server stops', async () => {
  const body = { model: 'sonnet', max_tokens: 100, stream: true };
  const response = await proxy.send(
    '/v1/messages',
    { ...body, messages: [{ role: 'user', content: 'my private question' }] },
    { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } },
  );
  expect(await response.text()).toContain('message_stop');
  await proxy.server.stop('the test wants its spans');
  const [request, run] = await Promise.all(
    ['POST /v1/messages', 'chat sonnet'].map((name) => collector.find(name)),
  );
  const turn = collector.spans.findLast(({ name }) => name === 'claude turn');
  expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
  expect(run).toMatchObject({ traceId: TRACE, parentSpanId: request?.spanId });
  expect(turn).toMatchObject({ traceId: TRACE, parentSpanId: run?.spanId });
  expect(turn?.events.map(({ name }) => name)).toContain('asked');
  expect(run?.attributes).toMatchObject({
    'gen_ai.response.model': expect.stringMatching(/^claude-/),
    'gen_ai.response.time_to_first_chunk': expect.any(Number),
  });
  expect(collector.text).not.toContain('private');
});

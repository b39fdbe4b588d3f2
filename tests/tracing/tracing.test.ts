import { afterEach, beforeEach, expect, test } from 'vitest';

import { withTracing, withTurnTracing, withWorkerTracing } from '../../src/layers/with-tracing.ts';
import { openHistory } from '../../src/observation/history.ts';
import { openRequests } from '../../src/observation/requests/open-requests.ts';
import { createWatch } from '../../src/observation/watch.ts';
import { RunError } from '../../src/run-error.ts';
import type { Run } from '../../src/run.ts';
import { openTracing } from '../../src/tracing/open-tracing.ts';
import type { Tracing } from '../../src/tracing/tracing.ts';
import { APP_KEY, createTestApp, sayHello } from '../support/create-test-app.ts';
import { type Collector, startCollector } from './start-collector.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const [INTERNAL, SERVER, CLIENT, CONSUMER] = [1, 2, 3, 5];
const FAILED = 2;

let collector: Collector;
let tracing: Tracing;
const problems: unknown[] = [];
beforeEach(async () => {
  problems.length = 0;
  collector = await startCollector();
  tracing = openTracing({
    endpoint: collector.url,
    version: '1.2.3',
    role: 'both',
    onProblem: (error) => problems.push(error),
  });
});
afterEach(() => collector.stop());

test('a request, its run, its wait and the turn are one trace, below the caller’s', async () => {
  const response = await ask(toApp(sayHello), { traceparent: `00-${TRACE}-${PARENT}-01` });
  expect(await response.text()).toContain('Hello.');
  await tracing.close();
  const spans = Object.fromEntries(collector.spans.map((span) => [span.name, span]));
  expect(Object.keys(spans).toSorted()).toEqual(
    ['POST /v1/chat/completions', 'chat sonnet', 'claude turn', 'queue', 'worker'].toSorted(),
  );
  const [request, run] = [spans['POST /v1/chat/completions'], spans['chat sonnet']];
  expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: SERVER });
  expect(run).toMatchObject({ traceId: TRACE, parentSpanId: request?.spanId, kind: CLIENT });
  expect(spans['queue']).toMatchObject({ parentSpanId: run?.spanId, kind: INTERNAL });
  expect(spans['worker']).toMatchObject({ parentSpanId: run?.spanId, kind: CONSUMER });
  expect(spans['claude turn']).toMatchObject({ parentSpanId: spans['worker']?.spanId });
  expect(request?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
    'claude_proxy.request_id': response.headers.get('x-request-id'),
  });
  expect(run?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'anthropic',
    'gen_ai.request.model': 'sonnet',
    'gen_ai.request.max_tokens': 77,
    'gen_ai.response.model': 'sonnet',
    'gen_ai.response.id': 'msg_1',
    'gen_ai.response.finish_reasons': { values: [{ stringValue: 'stop' }] },
    'gen_ai.usage.input_tokens': 1,
    'gen_ai.usage.output_tokens': 1,
  });
  expect(run?.resource).toMatchObject({
    'service.name': 'claude-code-proxy',
    'service.version': '1.2.3',
    'claude_proxy.role': 'both',
  });
  expect(problems).toEqual([]);
});

test('prompts, answers and keys are in no span', async () => {
  const response = await ask(toApp(sayHello), {}, 'my private question');
  expect(response.status).toBe(200);
  await tracing.close();
  expect(collector.spans).not.toEqual([]);
  for (const secret of ['private', 'Hello.', APP_KEY]) expect(collector.text).not.toContain(secret);
});

test('a request without a traceparent, or with none that can be read, begins a trace', async () => {
  const app = toApp(sayHello);
  await ask(app, {});
  await ask(app, { traceparent: 'nonsense' });
  await tracing.close();
  const requests = collector.spans.filter(({ kind }) => kind === SERVER);
  expect(requests.map(({ parentSpanId }) => parentSpanId ?? '')).toEqual(['', '']);
  expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(2);
});

test('a caller who does not want a trace to be sampled has none', async () => {
  await ask(toApp(sayHello), { traceparent: `00-${TRACE}-${PARENT}-00` });
  await tracing.close();
  expect(collector.spans).toEqual([]);
});

test('a run that fails says by which code, in its span and in the request’s', async () => {
  expect((await ask(toApp(fail), {})).status).toBe(503);
  await tracing.close();
  const failed = { status: { code: FAILED }, attributes: { 'error.type': 'overloaded' } };
  for (const name of ['POST /v1/chat/completions', 'chat sonnet', 'claude turn']) {
    expect(await collector.find(name)).toMatchObject(failed);
  }
  expect((await collector.find('claude turn')).events).toEqual([{ name: 'asked' }]);
  expect(collector.text).not.toContain('private');
});

test('what a caller does wrong is no failure, and what machines ask is not traced', async () => {
  const app = toApp(sayHello);
  expect((await app.request('/health')).status).toBe(200);
  expect((await ask(app, { authorization: 'Bearer nobody' })).status).toBe(401);
  expect((await app.request('/nowhere', { headers: toHeaders() })).status).toBe(404);
  await tracing.close();
  expect(collector.spans.map(({ name, status }) => [name, status.code])).toEqual([
    ['POST /v1/chat/completions', 0],
    ['GET', 0],
  ]);
});

test('a collector that refuses spans is a line in the log, and nothing else', async () => {
  collector.status = 401;
  expect((await ask(toApp(sayHello), {})).status).toBe(200);
  await tracing.close();
  expect(problems.map(String)).toEqual([expect.stringContaining('Unauthorized')]);
});

const fail: Run = async function* fail() {
  yield { type: 'run-progress', step: 'asked' };
  throw new RunError('overloaded', 'The API is overloaded: my private question');
};

const queue = () => ({ waiting: 0, running: 0, concurrency: 2 });

/** The app with all layers that make spans. */
function toApp(run: Run) {
  const history = openHistory({ file: ':memory:', onSetAside: () => undefined });
  const requests = openRequests({ file: ':memory:', onSetAside: () => undefined });
  const inner = withWorkerTracing(withTurnTracing(run, tracing), tracing);
  return createTestApp({
    run: withTracing(inner, tracing),
    watch: createWatch({ queue, processes: () => ({}), history, requests, tracing }),
  });
}

function ask(app: ReturnType<typeof toApp>, headers: Record<string, string>, content = 'Hi') {
  const messages = [{ role: 'user', content }];
  return app.request('/v1/chat/completions', {
    method: 'POST',
    headers: { ...toHeaders(), ...headers },
    body: JSON.stringify({ model: 'sonnet', max_tokens: 77, messages }),
  });
}

function toHeaders() {
  return { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' };
}

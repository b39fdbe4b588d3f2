import { expect, test } from 'vitest';

import { createMetrics } from '../../src/observation/metrics.ts';
import type { RunRecord } from '../../src/observation/run-record.ts';
import { RECORD } from './record.ts';

test('runs are counted by dialect, model and outcome, and timed', async () => {
  const lines = await renderAfter([{}, { outcome: 'overloaded', costUsd: undefined }]);
  const labels = 'dialect="openai-chat",model="claude-sonnet-5-5"';
  expect(lines).toContain(`claude_proxy_requests_total{${labels},outcome="stop"} 1`);
  expect(lines).toContain(`claude_proxy_requests_total{${labels},outcome="overloaded"} 1`);
  expect(lines).toContain(
    'claude_proxy_first_token_seconds_bucket{le="0.5",dialect="openai-chat"} 0',
  );
  expect(lines).toContain(
    'claude_proxy_first_token_seconds_bucket{le="1",dialect="openai-chat"} 2',
  );
  expect(lines).toContain('claude_proxy_request_seconds_sum{dialect="openai-chat"} 6');
});

test('tokens and dollars are counted by key', async () => {
  const lines = await renderAfter([{}, {}, { keyId: 'server', costUsd: undefined }]);
  expect(lines).toContain('claude_proxy_tokens_total{key="laptop",kind="output"} 40');
  expect(lines).toContain('claude_proxy_tokens_total{key="laptop",kind="cacheRead"} 60');
  expect(lines).toContain('claude_proxy_tokens_total{key="server",kind="input"} 10');
  expect(lines).toContain('claude_proxy_cost_usd_total{key="laptop"} 0.5');
});

test('what is the upstream’s fault is told from what is the caller’s', async () => {
  const lines = await renderAfter([
    { outcome: 'rate-limited' },
    { outcome: 'cli-failed' },
    { outcome: 'invalid-request' },
  ]);
  expect(lines.filter((line) => line.startsWith('claude_proxy_upstream_errors_total'))).toEqual([
    'claude_proxy_upstream_errors_total{code="rate-limited"} 1',
    'claude_proxy_upstream_errors_total{code="cli-failed"} 1',
  ]);
});

test('queue, places and processes are those of the moment', async () => {
  let waiting = 1;
  let processes: Record<string, number> = { idle: 2, running: 1 };
  const metrics = createMetrics({
    queue: () => ({ waiting, running: 2, concurrency: 2 }),
    processes: () => processes,
  });
  await metrics.render();
  waiting = 7;
  processes = { running: 3 };
  const lines = (await metrics.render()).split('\n');
  expect(lines).toContain('claude_proxy_queue_waiting 7');
  expect(lines).toContain('claude_proxy_places_taken 2');
  expect(lines.filter((line) => line.startsWith('claude_proxy_processes{'))).toEqual([
    'claude_proxy_processes{state="running"} 3',
  ]);
});

test('what the runner counted is told as it is when it is asked for', async () => {
  const runner = {
    spares: { chat: { hit: 3, missed: 1 }, agent: { hit: 0, missed: 2 } },
    apiRetries: new Map([['529', 4]]),
    restarts: 0,
  };
  const metrics = createMetrics({
    queue: () => ({ waiting: 0, running: 0, concurrency: 2 }),
    processes: () => ({}),
    runner: () => runner,
  });
  await metrics.render();
  runner.restarts = 1;
  runner.spares.chat.hit = 5;
  const lines = (await metrics.render()).split('\n');
  expect(lines).toContain('claude_proxy_spares_total{profile="chat",outcome="hit"} 5');
  expect(lines).toContain('claude_proxy_spares_total{profile="chat",outcome="missed"} 1');
  expect(lines).toContain('claude_proxy_spares_total{profile="agent",outcome="missed"} 2');
  expect(lines).toContain('claude_proxy_api_retries_total{status="529"} 4');
  expect(lines).toContain('claude_proxy_restarts_total 1');
});

test('what a front counts for itself bears its name, what it tells of the cluster does not', async () => {
  const metrics = createMetrics({
    queue: () => ({ waiting: 3, running: 2, concurrency: 2 }),
    processes: () => ({}),
    cluster: { isUp: () => true, workers: () => [] },
    front: { id: 'front-a', host: 'here' },
    withNodeMetrics: true,
  });
  metrics.observer.ended?.(RECORD);
  const text = await metrics.render();
  expect(text).toContain('claude_proxy_queue_waiting 3\n');
  expect(text).toContain('claude_proxy_cluster_up 1\n');
  const own = text.match(/^(claude_proxy_requests_total|process_resident_memory_bytes)\{.*\}/gm);
  expect(own).toHaveLength(2);
  for (const series of own ?? []) expect(series).toContain('front="front-a",host="here"');
});

test('callers cannot make time series: unknown models are one, and there is a bound', async () => {
  const unknown = Array.from({ length: 300 }, (_, index) => ({
    requestedModel: `guess-${index}`,
    model: undefined,
    outcome: 'model-not-found' as const,
  }));
  const many = Array.from({ length: 300 }, (_, index) => ({ model: `claude-${index}` }));
  const lines = await renderAfter([...unknown, ...many]);
  const series = lines.filter((line) => line.startsWith('claude_proxy_requests_total{'));
  expect(series).toHaveLength(52);
  expect(series.join()).not.toContain('guess-');
  expect(series.join()).toContain('model="other"');
});

test('what answers under a name that no model has takes no place from those that exist', async () => {
  const metrics = createMetrics({
    queue: () => ({ waiting: 0, running: 0, concurrency: 2 }),
    processes: () => ({}),
    isModel: (name) => name === 'claude-sonnet-5-5',
  });
  const unknown = Array.from({ length: 100 }, (_, index) => `made-up-${index}`);
  for (const model of [...unknown, 'claude-sonnet-5-5', 'claude-sonnet-5-5-20261001']) {
    metrics.observer.ended?.({ ...RECORD, model });
  }
  const labels = [...(await metrics.render()).matchAll(/requests_total\{.*model="([^"]*)"/g)];
  expect(labels.map(([, label]) => label)).toEqual([
    'other',
    'claude-sonnet-5-5',
    'claude-sonnet-5-5-20261001',
  ]);
});

async function renderAfter(records: readonly Partial<RunRecord>[]) {
  const metrics = createMetrics({
    queue: () => ({ waiting: 0, running: 0, concurrency: 2 }),
    processes: () => ({}),
  });
  for (const record of records) metrics.observer.ended?.({ ...RECORD, ...record });
  return (await metrics.render()).split('\n');
}

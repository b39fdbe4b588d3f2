import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { createMetrics } from '../../src/observation/metrics.ts';

const read = (file: string) =>
  readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8');

/** The names that `GET /metrics` tells, those of histograms' parts among them. */
async function readNames() {
  const { render } = createMetrics({
    queue: () => ({ waiting: 0, running: 0, concurrency: 1 }),
    processes: () => ({}),
    runner: () => ({ spares: {}, apiRetries: new Map(), restarts: 0 }),
  });
  const types = [...(await render()).matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
    ),
  );
}

test.each(['prometheus-rules.yml', 'grafana-dashboard.json'])(
  'every metric of %s exists',
  async (file) => {
    const names = await readNames();
    const used = new Set(read(file).match(/claude_proxy_\w+/g));

    expect(used.size).toBeGreaterThan(3);
    expect([...used].filter((name) => !names.has(name))).toEqual([]);
  },
);

test('the dashboard is one that Grafana imports: its panels have places and queries of their own', () => {
  const { panels, templating } = JSON.parse(read('grafana-dashboard.json'));
  const ids = panels.map(({ id }: { id: number }) => id);

  expect(new Set(ids).size).toBe(ids.length);
  for (const { title, targets, datasource } of panels) {
    expect({ title, count: targets.length, datasource }).toEqual({
      title,
      count: expect.toSatisfy((count: number) => count > 0),
      datasource: { type: 'prometheus', uid: '${source}' },
    });
  }
  expect(templating.list.map(({ name }: { name: string }) => name)).toEqual(['source', 'instance']);
});

test('what each front of a cluster tells of the whole of it is not added up', () => {
  const queries = read('grafana-dashboard.json').matchAll(/"expr": "(.*)"/g);
  const ofAll = [...queries]
    .map(([, query = '']) => query)
    .filter((query) => /claude_proxy_(queue_waiting|places|places_taken|processes)\b/.test(query));

  expect(ofAll.length).toBeGreaterThan(4);
  // A share is the same, however often both of its parts are counted.
  expect(ofAll.filter((query) => /^sum\b/.test(query) && !query.includes(' / '))).toEqual([]);
});

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { createBoundedLabels, OTHER } from './bounded-labels.ts';
import {
  addClusterGauges,
  addWorkerCounter,
  type ClusterCounts,
  type OwnCounts,
} from './cluster-metrics.ts';
import { addRunnerMetrics, type RunnerCounts } from './runner-metrics.ts';
import type { NamedServer } from './all-runs.ts';
import type { RunObserver, RunOutcome, RunRecord } from './run-record.ts';

export type MetricsParts = {
  queue: () => { waiting: number; running: number; concurrency: number };
  /** CLI processes alive, by what they do. */
  processes: () => Readonly<Record<string, number>>;
  /** What the runner counted since its start. Default: nothing. */
  runner?: () => RunnerCounts;
  /** Whether there is a model of this name; others are counted together. Default: there is. */
  isModel?: (name: string) => boolean;
  /** What is seen of the cluster, where there is one. */
  cluster?: ClusterCounts | undefined;
  /** The front of a cluster that this server is: it labels what is not the whole cluster's. */
  front?: NamedServer | undefined;
  /** The worker that this process is, and nothing else: it labels everything. */
  worker?: OwnCounts;
  /** Adds those of this Node process: memory, CPU, event loop, open files. Default: no. */
  withNodeMetrics?: boolean;
};

export type Metrics = {
  observer: RunObserver;
  contentType: string;
  /** Everything in Prometheus' text format. */
  render: () => Promise<string>;
};

/** A first token comes after half a second, a long answer ends after minutes. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300];

/** Outcomes that are the API's, the CLI's or the login's fault. */
const UPSTREAM_ERRORS: ReadonlySet<RunOutcome> = new Set<RunOutcome>([
  'rate-limited',
  'overloaded',
  'not-logged-in',
  'upstream-failed',
  'cli-failed',
]);

/** Makes the metrics of one server. */
export function createMetrics(parts: MetricsParts): Metrics {
  const registry = new Registry();
  const own = parts.front ? toLabelled(parts.front) : registry;
  if (parts.withNodeMetrics) collectDefaultMetrics({ register: own });
  addGauges(registry, parts);
  if (parts.cluster) addClusterGauges(registry, parts.cluster);
  if (parts.worker) addWorkerCounter(registry, parts.worker);
  if (parts.runner) addRunnerMetrics(registry, parts.runner);
  const runs = createRunMetrics(own, parts.isModel);
  return {
    observer: runs,
    contentType: registry.contentType,
    async render() {
      const texts = [...new Set([registry, own])].map((one) => one.metrics());
      return (await Promise.all(texts)).join('\n');
    },
  };
}

/** Where a front counts what is its own. */
function toLabelled({ id, host }: NamedServer) {
  const registry = new Registry();
  registry.setDefaultLabels({ front: id, host });
  return registry;
}

function addGauges(registry: Registry, { queue, processes }: MetricsParts) {
  const add = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `claude_proxy_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  add('queue_waiting', 'Requests that wait for a place.', () => queue().waiting);
  add('places_taken', 'Requests that hold a place.', () => queue().running);
  add('places', 'Requests that may run at the same time.', () => queue().concurrency);
  return new Gauge({
    name: 'claude_proxy_processes',
    help: 'CLI processes alive, by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [state, count] of Object.entries(processes())) this.set({ state }, count);
    },
  });
}

function createRunMetrics(registry: Registry, isModel = (_name: string) => true) {
  const registers = [registry];
  const requests = new Counter({
    name: 'claude_proxy_requests_total',
    help: 'Requests that were carried out, by how they ended.',
    labelNames: ['dialect', 'model', 'outcome'],
    registers,
  });
  const firstToken = new Histogram({
    name: 'claude_proxy_first_token_seconds',
    help: 'Time from the start of a request to the first piece of its answer, waiting included.',
    labelNames: ['dialect'],
    buckets: SECONDS,
    registers,
  });
  const total = new Histogram({
    name: 'claude_proxy_request_seconds',
    help: 'Time from the start of a request to its end, waiting included.',
    labelNames: ['dialect'],
    buckets: SECONDS,
    registers,
  });
  const tokens = new Counter({
    name: 'claude_proxy_tokens_total',
    help: 'Tokens as the API counts them.',
    labelNames: ['key', 'kind'],
    registers,
  });
  const cost = new Counter({
    name: 'claude_proxy_cost_usd_total',
    help: 'US dollars, as the CLI reckons them. Of a chat whose process ended too soon they are not known.',
    labelNames: ['key'],
    registers,
  });
  const upstreamErrors = new Counter({
    name: 'claude_proxy_upstream_errors_total',
    help: 'Requests that failed through the API, the CLI or its login.',
    labelNames: ['code'],
    registers,
  });
  const toModel = createModelLabels(isModel);
  const toKey = createBoundedLabels(200);

  const charged: RunObserver['charged'] = ({ keyId }, usd) => cost.inc({ key: toKey(keyId) }, usd);
  const ended = (record: Readonly<RunRecord>) => {
    const { dialect, outcome = 'internal', firstTokenMs, totalMs = 0, costUsd } = record;
    const key = toKey(record.keyId);
    // What a caller calls a model is no label: it may be anything.
    const model = record.model === undefined ? 'none' : toModel(record.model);
    requests.inc({ dialect, model, outcome });
    if (firstTokenMs !== undefined) firstToken.observe({ dialect }, firstTokenMs / 1000);
    total.observe({ dialect }, totalMs / 1000);
    const { reasoning: _, ...counts } = record.usage; // a share of the output
    for (const [kind, count] of Object.entries(counts)) tokens.inc({ key, kind }, count);
    if (costUsd !== undefined) cost.inc({ key }, costUsd);
    if (UPSTREAM_ERRORS.has(outcome)) upstreamErrors.inc({ code: outcome });
  };
  return { ended, charged };
}

/** Only a model that exists has a label of its own, by whichever date of it the API answers. */
function createModelLabels(isModel: (name: string) => boolean) {
  const toBounded = createBoundedLabels();
  return (name: string) =>
    isModel(name) || isModel(name.replace(/-\d{8}$/, '')) ? toBounded(name) : OTHER;
}

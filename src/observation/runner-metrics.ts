import { Counter, Gauge, type Registry } from 'prom-client';

import type { LearntRefusal } from '../backend.ts';

type PlanCounts = { window: string; used: number; resetsAtMs: number };

/** What the runner counted since its start, and what it knows of the account. */
export type RunnerCounts = {
  spares: Readonly<Record<string, { hit: number; missed: number }>>;
  apiRetries: ReadonlyMap<string, number>;
  restarts: number;
  /** What models refused. Default: nothing. */
  refusals?: readonly LearntRefusal[];
  /** How far the account's plan is used up. Default: it is not known. */
  planLimits?: readonly PlanCounts[];
};

/** Adds what the runner counts, read when the metrics are. */
export function addRunnerMetrics(registry: Registry, read: () => RunnerCounts): void {
  addRunnerCounters(registry, read);
  addPlanGauges(registry, read);
}

function addRunnerCounters(registry: Registry, read: () => RunnerCounts) {
  const registers = [registry];
  const spares = new Counter({
    name: 'claude_proxy_spares_total',
    help: 'CLI processes that requests asked for, by whether one that was started ahead was there.',
    labelNames: ['profile', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const [profile, counts] of Object.entries(read().spares)) {
        for (const [outcome, count] of Object.entries(counts))
          this.inc({ profile, outcome }, count);
      }
    },
  });
  const retries = new Counter({
    name: 'claude_proxy_api_retries_total',
    help: 'API calls that the CLI tried again, by the status of the answer.',
    labelNames: ['status'],
    registers,
    collect() {
      this.reset();
      for (const [status, count] of read().apiRetries) this.inc({ status }, count);
    },
  });
  const restarts = new Counter({
    name: 'claude_proxy_restarts_total',
    help: 'Runs begun anew, since their CLI process died before it said anything.',
    registers,
    collect() {
      this.reset();
      this.inc(read().restarts);
    },
  });
  return [spares, retries, restarts];
}

/** Only what is known, so that an API key's account shows none of them. */
function addPlanGauges(registry: Registry, read: () => RunnerCounts) {
  const add = (name: string, help: string, toValue: (limit: PlanCounts) => number) =>
    new Gauge({
      name: `claude_proxy_plan_${name}`,
      help,
      labelNames: ['window'],
      registers: [registry],
      collect() {
        this.reset();
        for (const limit of read().planLimits ?? [])
          this.set({ window: limit.window }, toValue(limit));
      },
    });
  return [
    add(
      'used_ratio',
      "Share of a window of the account's plan that is used up.",
      ({ used }) => used,
    ),
    add(
      'reset_timestamp_seconds',
      'When that window begins anew, in seconds since 1970.',
      ({ resetsAtMs }) => resetsAtMs / 1000,
    ),
  ];
}

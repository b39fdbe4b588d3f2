import { Counter, Gauge, type Registry } from 'prom-client';

import type { RunObserver, RunOutcome } from './run-record.ts';

type WorkerCounts = { host: string; id: string; running: number; places: number };

/** What a front sees of the cluster. */
export type ClusterCounts = {
  /** Whether its Redis answers. */
  isUp: () => boolean;
  workers: () => readonly WorkerCounts[];
};

/** What a worker tells of itself. */
export type OwnCounts = {
  id: string;
  host: string;
  outcomes: WorkerCounter['outcomes'];
};

export type WorkerCounter = {
  observer: RunObserver;
  /** How many runs ended how. */
  outcomes: () => ReadonlyMap<RunOutcome, number>;
};

/** Counts what a worker carries out. */
export function createWorkerCounter(): WorkerCounter {
  const counts = new Map<RunOutcome, number>();
  return {
    observer: {
      ended: ({ outcome = 'internal' }) => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1),
    },
    outcomes: () => counts,
  };
}

/** Adds what a front sees of the cluster. */
export function addClusterGauges(registry: Registry, { isUp, workers }: ClusterCounts) {
  const registers = [registry];
  const up = new Gauge({
    name: 'claude_proxy_cluster_up',
    help: 'Whether the Redis of the cluster answers: 1 or 0.',
    registers,
    collect() {
      this.set(Number(isUp()));
    },
  });
  const add = (name: string, help: string, read: (worker: WorkerCounts) => number) =>
    new Gauge({
      name: `claude_proxy_worker_${name}`,
      help,
      labelNames: ['worker', 'host'],
      registers,
      collect() {
        this.reset();
        for (const worker of workers()) {
          this.set({ worker: worker.id, host: worker.host }, read(worker));
        }
      },
    });
  return [
    up,
    add('running', 'Requests that a worker of the cluster carries out.', ({ running }) => running),
    add('places', 'Requests that it may carry out at the same time.', ({ places }) => places),
  ];
}

/** Labels everything with the worker, as a front does, and adds what it carried out: fronts count requests. */
export function addWorkerCounter(registry: Registry, { id, host, outcomes }: OwnCounts) {
  registry.setDefaultLabels({ worker: id, host });
  return new Counter({
    name: 'claude_proxy_worker_runs_total',
    help: 'Runs that a worker of the cluster carried out, by how they ended.',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of outcomes()) this.inc({ outcome }, count);
    },
  });
}

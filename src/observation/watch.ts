import type { LearntRefusal } from '../run.ts';
import type { History } from './history.ts';
import { createLiveRuns, type LiveRuns } from './live-runs.ts';
import { createMetrics, type Metrics, type MetricsParts } from './metrics.ts';
import type { KeptRequests } from './requests/open-requests.ts';
import { combineObservers, type RunObserver } from './run-record.ts';

export type WatchParts = MetricsParts & {
  history: History;
  requests: KeptRequests;
};

/** All that watches the runs of one server. */
export type Watch = {
  /** Tells all of them. */
  observer: RunObserver;
  live: LiveRuns;
  metrics: Metrics;
  history: History;
  requests: KeptRequests;
  /** CLI processes alive, by what they do. */
  processes: WatchParts['processes'];
  /** What models refused. */
  refusals: () => readonly LearntRefusal[];
};

/** Makes all that watches the runs of one server. */
export function createWatch(parts: WatchParts): Watch {
  const live = createLiveRuns();
  const metrics = createMetrics(parts);
  return {
    observer: combineObservers([
      live.observer,
      metrics.observer,
      parts.history.observer,
      parts.requests.observer,
    ]),
    live,
    metrics,
    history: parts.history,
    requests: parts.requests,
    processes: parts.processes,
    refusals: () => parts.runner?.().refusals ?? [],
  };
}

import type { LearntRefusal } from '../backend.ts';
import { type AllRuns, createOwnRuns } from './all-runs.ts';
import type { History } from './history.ts';
import { createLiveRuns, type LiveRuns } from './live-runs.ts';
import { createMetrics, type Metrics, type MetricsParts } from './metrics.ts';
import type { KeptRequests } from './requests/open-requests.ts';
import { combineObservers, type RunObserver } from './run-record.ts';
import type { Tracing } from '../tracing/tracing.ts';

export type WatchParts = MetricsParts & {
  history: History;
  requests: KeptRequests;
  /** Tells other servers. Default: there are none. */
  others?: RunObserver | undefined;
  /** Makes the list of the runs of all servers, of this one's own. Default: there are no others. */
  toAllRuns?: ((live: LiveRuns) => AllRuns) | undefined;
  /** Makes spans. Default: nothing does. */
  tracing?: Tracing | undefined;
};

/** All that watches the runs of one server. */
export type Watch = {
  /** Tells all of them. */
  observer: RunObserver;
  runs: AllRuns;
  metrics: Metrics;
  history: History;
  requests: KeptRequests;
  /** Remembers how full the server is now; it is done at the start and the end of each run, too. */
  sample: () => void;
  /** CLI processes alive, by what they do. */
  processes: WatchParts['processes'];
  /** What models refused. */
  refusals: () => readonly LearntRefusal[];
} & Pick<WatchParts, 'tracing'>;

/** Makes all that watches the runs of one server. */
export function createWatch({ toAllRuns = createOwnRuns, ...parts }: WatchParts): Watch {
  const live = createLiveRuns();
  const metrics = createMetrics(parts);
  const sample = createSample(parts);
  return {
    observer: combineObservers([
      live.observer,
      metrics.observer,
      parts.history.observer,
      parts.requests.observer,
      parts.others ?? {},
      { started: sample, ended: sample },
    ]),
    runs: toAllRuns(live),
    metrics,
    history: parts.history,
    requests: parts.requests,
    sample,
    processes: parts.processes,
    tracing: parts.tracing,
    refusals: () => parts.runner?.().refusals ?? [],
  };
}

/** Counts are told since the last time, so that several servers can add up in one file. */
function createSample({ queue, processes, runner, history }: WatchParts) {
  let told = { hit: 0, missed: 0 };
  return () => {
    const { waiting, running } = queue();
    const states = processes();
    const all = Object.values(runner?.().spares ?? {});
    const counted = {
      hit: all.reduce((sum, { hit }) => sum + hit, 0),
      missed: all.reduce((sum, { missed }) => sum + missed, 0),
    };
    history.sample({
      waiting,
      running,
      processes: Object.values(states).reduce((sum, count) => sum + count, 0),
      ready: states['ready'] ?? 0,
      hit: counted.hit - told.hit,
      missed: counted.missed - told.missed,
    });
    told = counted;
  };
}

import { roundUsd } from '../common/round-usd.ts';
import { mergeDelays, toQuantileMs } from './delays.ts';
import { type DatedMinute, EMPTY_MINUTE, type Minute } from './minutes.ts';
import { type DatedSample, mergeSamples, NO_LOAD, type Sample } from './samples.ts';

/** How far a look back goes, and how fine it is. */
export const RANGES = {
  hour: { bucketMinutes: 1, buckets: 60 },
  day: { bucketMinutes: 15, buckets: 96 },
  week: { bucketMinutes: 120, buckets: 84 },
} as const;

export type RangeName = keyof typeof RANGES;

/** What the runs that ended within some time add up to. */
export type HistorySums = Omit<Minute, 'firstTokens' | 'totals'> & {
  /** Time to the first token; `undefined` when there was none. */
  firstTokenMs: Quantiles | undefined;
  totalMs: Quantiles | undefined;
  /** How full the server was, at most; `undefined` when it did not run. */
  load: Sample | undefined;
};

/** The sums of one bucket. */
export type HistoryPoint = HistorySums & {
  /** The beginning of the bucket, in milliseconds since 1970. */
  at: number;
};

/** A range, bucket by bucket and as one. */
export type RangeHistory = { points: readonly HistoryPoint[]; whole: HistorySums };

/** In milliseconds. */
type Quantiles = { p50: number; p95: number };

/** Puts minutes and samples into buckets, of which `first` is the oldest; quantiles are of all that is in one. */
export function toRangeHistory(
  { minutes, samples }: { minutes: readonly DatedMinute[]; samples: readonly DatedSample[] },
  { bucketMinutes, buckets, first }: { bucketMinutes: number; buckets: number; first: number },
): RangeHistory {
  const toBucket = ({ minute }: { minute: number }) => Math.floor(minute / bucketMinutes);
  const [minutesOf, samplesOf] = [Map.groupBy(minutes, toBucket), Map.groupBy(samples, toBucket)];
  const points = Array.from({ length: buckets }, (_, index) => {
    const bucket = first + index;
    const sums = addUp(minutesOf.get(bucket) ?? [], samplesOf.get(bucket) ?? []);
    return { at: bucket * bucketMinutes * 60_000, ...sums };
  });
  return { points, whole: addUp(minutes, samples) };
}

function addUp(minutes: readonly Minute[], samples: readonly DatedSample[]): HistorySums {
  const { firstTokens, totals, ...zero } = EMPTY_MINUTE;
  const sum = { ...zero };
  for (const minute of minutes) {
    for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += minute[name];
  }
  return {
    ...sum,
    costUsd: roundUsd(sum.costUsd),
    firstTokenMs: toQuantiles([firstTokens, ...minutes.map((minute) => minute.firstTokens)]),
    totalMs: toQuantiles([totals, ...minutes.map((minute) => minute.totals)]),
    load: toLoad(samples),
  };
}

function toLoad(samples: readonly DatedSample[]): Sample | undefined {
  return samples.length === 0 ? undefined : samples.reduce<Sample>(mergeSamples, NO_LOAD);
}

function toQuantiles(all: readonly Minute['totals'][]): Quantiles | undefined {
  const delays = mergeDelays(all);
  const [p50, p95] = [toQuantileMs(delays, 0.5), toQuantileMs(delays, 0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
}

import { roundUsd } from '../common/round-usd.ts';
import { mergeDelays, toQuantileMs } from './delays.ts';
import { type DatedMinute, EMPTY_MINUTE, type Minute } from './minutes.ts';

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

/** Puts minutes into buckets, of which `first` is the oldest; quantiles are of all that is in one. */
export function toRangeHistory(
  minutes: readonly DatedMinute[],
  { bucketMinutes, buckets, first }: { bucketMinutes: number; buckets: number; first: number },
): RangeHistory {
  const byBucket = Map.groupBy(minutes, ({ minute }) => Math.floor(minute / bucketMinutes));
  const points = Array.from({ length: buckets }, (_, index) => {
    const bucket = first + index;
    return { at: bucket * bucketMinutes * 60_000, ...addUp(byBucket.get(bucket) ?? []) };
  });
  return { points, whole: addUp(minutes) };
}

function addUp(minutes: readonly Minute[]): HistorySums {
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
  };
}

function toQuantiles(all: readonly Minute['totals'][]): Quantiles | undefined {
  const delays = mergeDelays(all);
  const [p50, p95] = [toQuantileMs(delays, 0.5), toQuantileMs(delays, 0.95)];
  return p50 === undefined || p95 === undefined ? undefined : { p50, p95 };
}

import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { addDelay } from './delays.ts';
import { createMinutes, EMPTY_MINUTE, type Minute, MINUTES_SCHEMA } from './minutes.ts';
import { type RunObserver, type RunRecord, toStatus } from './run-record.ts';
import { type RangeHistory, type RangeName, RANGES, toRangeHistory } from './ranges.ts';

export type HistoryOptions = Pick<DatabaseOptions, 'file' | 'onSetAside'> & {
  /** Told of failures that must not spoil an answer. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type History = {
  observer: RunObserver;
  /** The range up to now, the oldest point first; every point is there, empty ones too. */
  read: (range: RangeName) => RangeHistory;
  removeExpired: () => void;
  close: () => void;
};

const MINUTE_MS = 60_000;
const TTL_MINUTES = 7 * 24 * 60;

/** Opens what is remembered of the runs of the last week: one row for each minute in which one ended. */
export function openHistory({
  onProblem = () => {},
  now = Date.now,
  ...place
}: HistoryOptions): History {
  const database = openDatabase({ ...place, ...MINUTES_SCHEMA });
  const minutes = createMinutes(database);
  const thisMinute = () => Math.floor(now() / MINUTE_MS);
  const change = (toChanged: (minute: Minute) => Minute) => {
    try {
      const at = thisMinute();
      minutes.write(at, toChanged(minutes.read(at) ?? EMPTY_MINUTE));
    } catch (error) {
      onProblem(error);
    }
  };

  return {
    observer: {
      ended: (record) => change((minute) => addRun(minute, record)),
      charged: (_caller, costUsd) =>
        change((minute) => ({ ...minute, costUsd: minute.costUsd + costUsd })),
    },
    read(range) {
      const { bucketMinutes, buckets } = RANGES[range];
      const last = Math.floor(thisMinute() / bucketMinutes);
      const first = last - buckets + 1;
      return toRangeHistory(minutes.listSince(first * bucketMinutes), { ...RANGES[range], first });
    },
    removeExpired() {
      try {
        minutes.removeBefore(thisMinute() - TTL_MINUTES);
      } catch (error) {
        onProblem(error);
      }
    },
    close: () => database.close(),
  };
}

function addRun(minute: Minute, record: Readonly<RunRecord>): Minute {
  const { usage, firstTokenMs, totalMs = 0, costUsd = 0 } = record;
  return {
    requests: minute.requests + 1,
    errors: minute.errors + Number(toStatus(record) === 'failed'),
    inputTokens: minute.inputTokens + usage.input + usage.cacheRead + usage.cacheWrite,
    outputTokens: minute.outputTokens + usage.output,
    costUsd: minute.costUsd + costUsd,
    firstTokens:
      firstTokenMs === undefined ? minute.firstTokens : addDelay(minute.firstTokens, firstTokenMs),
    totals: addDelay(minute.totals, totalMs),
  };
}

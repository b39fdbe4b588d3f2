import { type DatabaseOptions, openDatabase } from '../state/open-database.ts';
import { addDelay, mergeDelays } from './delays.ts';
import { createMinutes, EMPTY_MINUTE, type Minute, MINUTES_SCHEMA } from './minutes.ts';
import { type RunObserver, type RunRecord, toStatus } from './run-record.ts';
import { createSamples, mergeSamples, NO_LOAD, type Sample } from './samples.ts';
import { type RangeHistory, type RangeName, RANGES, toRangeHistory } from './ranges.ts';

export type HistoryOptions = Pick<DatabaseOptions, 'file' | 'onSetAside'> & {
  /** Told of failures that must not spoil an answer. Default: nobody. */
  onProblem?: (error: unknown) => void;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

export type History = {
  observer: RunObserver;
  /** Remembers how full the server is now; `hit` and `missed` are those since the last time. */
  sample: (now: Sample) => void;
  /** The range up to now, the oldest point first; every point is there, empty ones too. */
  read: (range: RangeName) => RangeHistory;
  removeExpired: () => void;
  close: () => void;
};

const MINUTE_MS = 60_000;

/** Time in which runs gather, in milliseconds: one write for all of them. */
const GATHER_MS = 200;

const TTL_MINUTES = 7 * 24 * 60;

/**
 * Opens what is remembered of the last week: one row for each minute in which a run ended, one for how full
 * it was. Nobody waits for a write.
 */
export function openHistory({
  onProblem = () => {},
  now = Date.now,
  ...place
}: HistoryOptions): History {
  const database = openDatabase({ ...place, ...MINUTES_SCHEMA });
  const minutes = createMinutes(database);
  const samples = createSamples(database);
  const toMinute = (atMs = now()) => Math.floor(atMs / MINUTE_MS);
  const { change, sample, writeAll } = gather({ minutes, samples, toMinute, onProblem });

  return {
    observer: {
      ended: (record, atMs) => change((minute) => addRun(minute, record), atMs),
      charged: (_caller, costUsd, atMs) =>
        change((minute) => ({ ...minute, costUsd: minute.costUsd + costUsd }), atMs),
    },
    sample,
    read(range) {
      writeAll();
      const { bucketMinutes, buckets } = RANGES[range];
      const last = Math.floor(toMinute() / bucketMinutes);
      const first = last - buckets + 1;
      const since = first * bucketMinutes;
      const found = { minutes: minutes.listSince(since), samples: samples.listSince(since) };
      return toRangeHistory(found, { ...RANGES[range], first });
    },
    removeExpired() {
      writeAll();
      try {
        const before = toMinute() - TTL_MINUTES;
        minutes.removeBefore(before);
        samples.removeBefore(before);
      } catch (error) {
        onProblem(error);
      }
    },
    close() {
      writeAll();
      database.close();
    },
  };
}

type Gathering = {
  minutes: ReturnType<typeof createMinutes>;
  samples: ReturnType<typeof createSamples>;
  toMinute: (atMs?: number) => number;
  onProblem: (error: unknown) => void;
};

/** What is not written yet, by the minute in which it was; another server may write to the same rows. */
function gather({ minutes, samples, toMinute, onProblem }: Gathering) {
  const changes = new Map<number, Minute>();
  const loads = new Map<number, Sample>();
  let timer: NodeJS.Timeout | undefined;

  function writeAll() {
    clearTimeout(timer);
    timer = undefined;
    try {
      for (const [at, minute] of changes) {
        minutes.write(at, addMinutes(minutes.read(at) ?? EMPTY_MINUTE, minute));
      }
      for (const [at, load] of loads) samples.add(at, load);
    } catch (error) {
      onProblem(error);
    }
    changes.clear();
    loads.clear();
  }

  const writeSoon = () => void (timer ??= setTimeout(writeAll, GATHER_MS).unref());
  return {
    writeAll,
    change: (toChanged: (minute: Minute) => Minute, atMs?: number) => {
      const at = toMinute(atMs);
      changes.set(at, toChanged(changes.get(at) ?? EMPTY_MINUTE));
      writeSoon();
    },
    sample: (load: Sample) => {
      const at = toMinute();
      loads.set(at, mergeSamples(loads.get(at) ?? NO_LOAD, load));
      writeSoon();
    },
  };
}

function addMinutes(one: Minute, other: Minute): Minute {
  return {
    requests: one.requests + other.requests,
    errors: one.errors + other.errors,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: one.costUsd + other.costUsd,
    firstTokens: mergeDelays([one.firstTokens, other.firstTokens]),
    totals: mergeDelays([one.totals, other.totals]),
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

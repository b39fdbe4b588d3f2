import { readdirSync } from 'node:fs';

import { toMedian } from '../../bench/statistics.ts';
import { listDescendants, readRssBytes } from '../../src/claude/process/system-processes.ts';
import type { Product } from '../../tests/faults/start-product.ts';

export const MAX_PROCESSES = 8;

/** What must not grow: from the second fifth of the time to the last, by more than this. */
export const MEASURES = {
  rssMb: { label: 'RSS, MB', read: readRssMb, mayGrowBy: (from: number) => 30 + from / 5 },
  // Three for each process that is started ahead or kept.
  files: { label: 'open files', read: countFiles, mayGrowBy: () => 3 * MAX_PROCESSES },
  handles: { label: 'handles', read: countHandles, mayGrowBy: () => 3 * MAX_PROCESSES },
  processes: {
    label: 'processes',
    read: countProcesses,
    mayGrowBy: (from: number) => Math.max(0, MAX_PROCESSES - from),
  },
  loopDelayMs: { label: 'event loop p99, ms', read: readLoopDelayMs, mayGrowBy: () => 50 },
} as const;

type MeasureName = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[]; // its own keys

export type Sample = { minute: number; requests: number } & Record<MeasureName, number>;

/** What the server holds now. */
export async function measure(product: Product): Promise<Record<MeasureName, number>> {
  const values = await Promise.all(
    MEASURE_NAMES.map(async (name) => [name, await MEASURES[name].read(product)] as const),
  );
  return Object.fromEntries(values) as Record<MeasureName, number>; // one value for each name
}

/** What grew more than it may. */
export function listGrown(samples: readonly Sample[]): string[] {
  const fifth = Math.floor(samples.length / 5);
  return MEASURE_NAMES.flatMap((name) => {
    const { label, mayGrowBy } = MEASURES[name];
    const from = toMedian(samples.slice(fifth, 2 * fifth).map((sample) => sample[name]));
    const to = toMedian(samples.slice(-fifth).map((sample) => sample[name]));
    return to - from > mayGrowBy(from)
      ? [`${label} grew from ${from.toFixed(0)} to ${to.toFixed(0)}`]
      : [];
  });
}

function readRssMb({ pid }: Product) {
  return (readRssBytes(pid) ?? Number.NaN) / 2 ** 20;
}

function countFiles({ pid }: Product) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function countProcesses({ pid }: Product) {
  return listDescendants(pid).length;
}

async function countHandles(product: Product) {
  return readMetric(product, 'nodejs_active_handles_total');
}

async function readLoopDelayMs(product: Product) {
  return (await readMetric(product, 'nodejs_eventloop_lag_p99_seconds')) * 1000;
}

async function readMetric(product: Product, name: string) {
  const metrics = await (await product.send('/metrics')).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}

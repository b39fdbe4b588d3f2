import { readdirSync } from 'node:fs';

import { toMedian } from '../../bench/statistics.ts';
import { listDescendants, readRssBytes } from '../../src/claude/process/system-processes.ts';
import type { Product } from '../../tests/faults/start-product.ts';

export const MAX_PROCESSES = 8;

type Measure = {
  label: string;
  read: (product: Product) => number | Promise<number>;
  mayGrowBy: (from: number) => number;
  /** From the middle on. Default: as much. */
  laterBy?: (from: number) => number;
};

/**
 * What must not grow: from the second fifth of the time to the last, by more than this; memory that has warmed
 * up by the middle grows less from there on.
 */
export const MEASURES = {
  rssMb: {
    label: 'RSS, MB',
    read: readRssMb,
    mayGrowBy: (from: number) => 30 + from / 5,
    laterBy: (from: number) => 15 + from / 20,
  },
  // Three for each process that is started ahead or kept.
  files: { label: 'open files', read: countFiles, mayGrowBy: () => 3 * MAX_PROCESSES },
  handles: { label: 'handles', read: countHandles, mayGrowBy: () => 3 * MAX_PROCESSES },
  processes: {
    label: 'processes',
    read: countProcesses,
    mayGrowBy: (from: number) => Math.max(0, MAX_PROCESSES - from),
  },
  loopDelayMs: { label: 'event loop p99, ms', read: readLoopDelayMs, mayGrowBy: () => 50 },
} as const satisfies Record<string, Measure>;

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

/** What a measure was in the second fifth of the time, in the middle one, and in the last. */
type Course = { early: number; middle: number; late: number };

/** What grew more than it may. */
export function listGrown(samples: readonly Sample[]): string[] {
  return MEASURE_NAMES.flatMap((name) => {
    const { label, mayGrowBy, laterBy = mayGrowBy }: Measure = MEASURES[name];
    const { early, middle, late } = toCourse(samples, name);
    const faults: string[] = [];
    if (late - early > mayGrowBy(early)) faults.push(`from ${toText(early)} to ${toText(late)}`);
    if (late - middle > laterBy(middle)) {
      faults.push(`from ${toText(middle)} to ${toText(late)} in the second half`);
    }
    return faults.map((fault) => `${label} grew ${fault}`);
  });
}

/** How much each measure grew, in both halves of the time. */
export function tellGrowth(samples: readonly Sample[]): string[] {
  return MEASURE_NAMES.map((name) => {
    const { early, middle, late } = toCourse(samples, name);
    const grown = [middle - early, late - middle].map((value, half) => {
      const part = (100 * value) / ((half === 0 ? early : middle) || 1);
      return `${value >= 0 ? '+' : ''}${toText(value)} (${part.toFixed(0)} %)`;
    });
    return `${MEASURES[name].label}: ${grown[0]} to the middle, ${grown[1]} from there to the end`;
  });
}

function toCourse(samples: readonly Sample[], name: MeasureName): Course {
  const fifth = Math.floor(samples.length / 5);
  const inFifth = (index: number) =>
    toMedian(samples.slice(index * fifth, (index + 1) * fifth).map((sample) => sample[name]));
  return { early: inFifth(1), middle: inFifth(2), late: inFifth(4) };
}

function toText(value: number) {
  return value.toFixed(0);
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

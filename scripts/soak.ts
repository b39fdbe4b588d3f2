import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { toMedian } from '../bench/statistics.ts';
import { listDescendants, readRssBytes } from '../src/claude/process/system-processes.ts';
import { DIALECT_NAMES, say } from '../tests/faults/dialects.ts';
import { type Product, startProduct } from '../tests/faults/start-product.ts';

/**
 * `npm run soak -- MINUTES`: mixed traffic on the running program with the real CLI and the demo's model.
 * Prints what the program holds over time, and exits with 1 when that grows.
 */

type Sample = { minute: number; requests: number } & Record<MeasureName, number>;

const MAX_PROCESSES = 8;

/** What must not grow: from the second fifth of the time to the last, by more than this. */
const MEASURES = {
  rssMb: { label: 'RSS, MB', read: readRssMb, mayGrowBy: (from: number) => 30 + from / 5 },
  // Three for each process that is started ahead or kept.
  files: { label: 'open files', read: countFiles, mayGrowBy: () => 3 * MAX_PROCESSES },
  processes: {
    label: 'processes',
    read: countProcesses,
    mayGrowBy: (from: number) => Math.max(0, MAX_PROCESSES - from),
  },
  loopDelayMs: { label: 'event loop p99, ms', read: readLoopDelayMs, mayGrowBy: () => 50 },
} as const;

type MeasureName = keyof typeof MEASURES;

const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[]; // its own keys

const CALLERS = 4;
const SAMPLES = 60;

/** What callers do, in turn; each resolves when its answer has been read, or was left. */
const CALLS: readonly ((product: Product, name: string) => Promise<unknown>)[] = [
  ...DIALECT_NAMES.flatMap((dialect) => [
    (product: Product, name: string) => read(say(product, dialect, name)),
    (product: Product, name: string) => read(say(product, dialect, name, { stream: true })),
  ]),
  (product) => read(say(product, 'messages', 'demo:long=2000', { stream: true })),
  (product) => read(say(product, 'chat completions', 'demo:error=429')),
  (product) => read(say(product, 'messages', 'demo:cut', { stream: true })),
  (product) => read(product.send('/v1/messages', { model: 'sonnet', messages: 'none' })),
  (product) => read(product.send('/v1/responses', { model: 'sonnet', input: 'Keep this.' })),
  (product) => leave(product, 'demo:slow=50'),
  callTool,
];

process.exitCode = await soak(readMinutes(process.argv[2]));

async function soak(minutes: number): Promise<number> {
  const product = await startProduct({
    settings: {
      MAX_PROCESSES: String(MAX_PROCESSES),
      WARM_PROCESSES: '1',
      LOG_LEVEL: 'silent',
      CLAUDE_MAX_RETRIES: '0',
    },
  });
  try {
    const endsAt = performance.now() + minutes * 60_000;
    const traffic = { requests: 0 };
    const callers = Array.from({ length: CALLERS }, (_, index) =>
      callUntil(endsAt, product, index, traffic),
    );
    const [samples] = await Promise.all([watch(product, minutes, traffic), ...callers]);
    return report(samples);
  } finally {
    await product.stop();
  }
}

async function callUntil(
  endsAt: number,
  product: Product,
  caller: number,
  traffic: { requests: number },
) {
  for (let turn = caller; performance.now() < endsAt; turn += 1) {
    await CALLS[turn % CALLS.length]?.(product, `Caller ${caller}, turn ${turn}.`);
    traffic.requests += 1;
  }
}

async function read(asked: Promise<Response>) {
  const response = await asked;
  return response.text().catch(() => undefined); // streams that are cut
}

/** Goes in the middle of an answer. */
async function leave(product: Product, text: string) {
  const response = await say(product, 'messages', text, { stream: true });
  await response.body?.getReader().cancel();
}

async function callTool(product: Product) {
  const tools = [{ name: 'look', input_schema: { type: 'object', properties: {} } }];
  const question = { role: 'user', content: 'demo:tool=look' };
  const body = { model: 'sonnet', max_tokens: 100, tools };
  const called = await product.send('/v1/messages', { ...body, messages: [question] });
  const { content = [] } = (await called.json()) as { content?: { type: string; id: string }[] };
  const results = content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'Green.' }));
  if (results.length === 0) return;
  const reply = [question, { role: 'assistant', content }, { role: 'user', content: results }];
  await read(product.send('/v1/messages', { ...body, messages: reply }));
}

async function watch(product: Product, minutes: number, traffic: { requests: number }) {
  const samples: Sample[] = [];
  print(['minute', 'requests', ...MEASURE_NAMES.map((name) => MEASURES[name].label)]);
  for (let count = 1; count <= SAMPLES; count += 1) {
    await delay((minutes * 60_000) / SAMPLES);
    const values = await Promise.all(
      MEASURE_NAMES.map(async (name) => [name, await MEASURES[name].read(product)] as const),
    );
    const sample = {
      minute: (minutes * count) / SAMPLES,
      requests: traffic.requests,
      ...Object.fromEntries(values),
    } as Sample; // one value for each name
    samples.push(sample);
    const shown = MEASURE_NAMES.map((name) => sample[name].toFixed(0));
    print([sample.minute.toFixed(2), String(sample.requests), ...shown]);
  }
  return samples;
}

/** Says what grew; 1 if anything did. */
function report(samples: readonly Sample[]): number {
  const fifth = Math.floor(samples.length / 5);
  const grown = MEASURE_NAMES.flatMap((name) => {
    const { label, mayGrowBy } = MEASURES[name];
    const from = toMedian(samples.slice(fifth, 2 * fifth).map((sample) => sample[name]));
    const to = toMedian(samples.slice(-fifth).map((sample) => sample[name]));
    return to - from > mayGrowBy(from)
      ? [`${label}: from ${from.toFixed(0)} to ${to.toFixed(0)}`]
      : [];
  });
  console.log(grown.length === 0 ? 'Nothing grew.' : `It grew: ${grown.join('; ')}.`);
  return grown.length === 0 ? 0 : 1;
}

function print(cells: readonly string[]) {
  console.log(cells.map((cell) => cell.padStart(12)).join('  '));
}

async function readRssMb({ pid }: Product) {
  return ((await readRssBytes(pid)) ?? Number.NaN) / 2 ** 20;
}

function countFiles({ pid }: Product) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function countProcesses({ pid }: Product) {
  return listDescendants(pid).length;
}

async function readLoopDelayMs(product: Product) {
  const metrics = await (await product.send('/metrics')).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(metrics)?.[1]) * 1000;
}

function readMinutes(text = '10') {
  const minutes = Number(text);
  if (minutes >= 0.5 && minutes <= 24 * 60) return minutes;
  throw new Error('Name the minutes, from 0.5 to 1440: npm run soak -- 30');
}

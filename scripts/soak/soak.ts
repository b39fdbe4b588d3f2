import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { demoAnswer } from '../../src/demo/answers.ts';
import { listDescendants } from '../../src/claude/process/system-processes.ts';
import { type Product, startProduct } from '../../tests/faults/start-product.ts';
import { createSend } from '../../tests/support/start-proxy.ts';
import { lastTextOf } from '../../tests/support/upstream-texts.ts';
import { isAlive, readProcesses } from '../../tests/support/watch-place.ts';
import { endEarly } from './end-early.ts';
import { mountSmallDisk, type SmallDisk, tryFullDisk } from './full-disk.ts';
import { type Asker, type Caller, FULL_DISK, KINDS, LEFT_SECONDS } from './kinds.ts';
import { createLedger, type Ledger } from './ledger.ts';
import {
  listGrown,
  MAX_PROCESSES,
  measure,
  MEASURE_NAMES,
  MEASURES,
  type Sample,
  tellGrowth,
} from './measures.ts';
import { MARK } from './read-outcome.ts';

const HELP = `Usage: npm run soak -- MINUTES

Mixed traffic on the running program, with the real CLI and the demo's model: every API, tool loops,
agents and responses in the background, batches, WebSockets, bad and hostile bodies, regular expressions,
callers who leave, what is cancelled, a greedy key, revoked and rotated keys, refusals and cuts upstream, a
CLI process that is killed every ten seconds, and, for root, a full state disk at the thirds of the time. The
half hour before a release:

  npm run soak -- 30

Prints what the server holds while it goes on, then one table, and ends with 1 when memory, open files,
processes or delays grew, when an answer was lost, doubled or another's, or when something was left.`;

const CALLERS = 6;
const SAMPLES = 60;
const KILL_EVERY_MS = 10_000;

/** No answer may take so long: the queue's own limit is a minute. */
const LONGEST_MS = 90_000;

/** The server has so long to end what it was at, and its processes to leave. */
const PATIENCE_MS = 15_000;

/** What is under way. */
type Soak = {
  product: Product;
  ledger: Ledger;
  endsAt: number;
  kills: number;
  turnstile: Turnstile;
};

/** Through it callers go to what they do; while it is closed, nobody is at anything. */
type Turnstile = {
  pass: (task: () => Promise<void>) => Promise<void>;
  /** Waits until all are back. */
  closed: (task: () => Promise<void>) => Promise<void>;
};

if (process.argv.includes('--help')) console.log(HELP);
else process.exitCode = await soak(readMinutes(process.argv[2]));

async function soak(minutes: number): Promise<number> {
  const arrivals = countArrivals();
  let disk: SmallDisk | undefined;
  const product = await startProduct({
    answer: arrivals.answer,
    async prepare(folder) {
      disk = await mountSmallDisk(folder);
    },
    settings: {
      MAX_PROCESSES: String(MAX_PROCESSES),
      MAX_QUEUE_SIZE: '12',
      WARM_PROCESSES: '1',
      LOG_LEVEL: 'silent',
      CLAUDE_MAX_RETRIES: '0',
    },
  });
  endEarly(() => stop(product, disk));
  const endsAt = performance.now() + minutes * 60_000;
  const turnstile = createTurnstile();
  const going: Soak = { product, ledger: createLedger(), endsAt, kills: 0, turnstile };
  try {
    const askers = await createAskers(product);
    const [samples] = await Promise.all([
      watch(going, minutes),
      killNowAndThen(going),
      fillDiskTwice(going, disk, askers[0], minutes),
      ...askers.map((asker, index) => callUntil(going, asker, index)),
    ]);
    const left = await listLeft(product);
    return report(going, samples, [...left, ...arrivals.listDoubled(going.kills)]);
  } finally {
    await stop(product, disk);
  }
}

async function stop(product: Product, disk: SmallDisk | undefined) {
  await product.stopProgram('SIGTERM');
  disk?.remove();
  await product.stop();
}

function createTurnstile(): Turnstile {
  const inside = new Set<Promise<void>>();
  let opened = Promise.resolve();
  return {
    async pass(task) {
      await opened;
      const done = task();
      inside.add(done);
      await done.finally(() => inside.delete(done));
    },
    async closed(task) {
      const again = Promise.withResolvers<void>();
      opened = again.promise;
      try {
        await Promise.allSettled(inside);
        await task();
      } finally {
        again.resolve();
      }
    },
  };
}

/** The demo's model, which remembers what it was asked more than once. */
function countArrivals() {
  const counts = new Map<string, number>();
  return {
    answer: ((body, request) => {
      const text = lastTextOf(request) ?? '';
      for (const mark of text.match(MARK) ?? []) counts.set(mark, (counts.get(mark) ?? 0) + 1);
      return demoAnswer(body);
    }) satisfies Product['model']['answer'],
    /** A question whose process was killed before the first byte of its answer is asked again. */
    listDoubled(kills: number) {
      const doubled = [...counts.values()].filter((count) => count > 1).length;
      return doubled > kills ? [`${doubled} questions asked twice, of ${kills} kills`] : [];
    },
  };
}

async function createAskers(product: Product): Promise<Asker[]> {
  let marks = 0;
  let keys = 0;
  const withKey = (key: string): Caller => ({
    key,
    send: createSend(product.url, { authorization: `Bearer ${key}`, connection: 'close' }),
  });
  const makeKey: Asker['makeKey'] = async (rules = {}) => {
    const body = { name: `key-${(keys += 1)}`, scopes: ['chat', 'agent'], ...rules };
    const made = await product.send('/api/admin/keys', body);
    if (!made.ok) throw new Error(await made.text());
    const { id, key } = (await made.json()) as { id: string; key: string }; // our own route
    return { id, holder: withKey(key) };
  };
  const { holder: greedy } = await makeKey();
  return Promise.all(
    Array.from({ length: CALLERS }, async () => ({
      url: product.url,
      owner: product,
      own: (await makeKey()).holder,
      greedy,
      withKey,
      makeKey,
      mark: () => `#${(marks += 1)}#`,
    })),
  );
}

async function callUntil({ endsAt, ledger, turnstile }: Soak, asker: Asker, index: number) {
  const kinds = Object.entries(KINDS);
  for (let turn = index * 4; performance.now() < endsAt; turn += 1) {
    const [name, kind] = kinds[turn % kinds.length] ?? [];
    if (name === undefined || kind === undefined) return;
    await turnstile.pass(async () => {
      const startedAt = performance.now();
      await Promise.all(
        kind.ask(asker).map(async (asked) => {
          const outcome = await Promise.race([
            asked.catch((error: unknown) => `lost (${String(error)})`),
            delay(LONGEST_MS, `lost (nothing in ${LONGEST_MS} ms)`, { ref: false }),
          ]);
          ledger.note(name, outcome, performance.now() - startedAt);
        }),
      );
    });
  }
}

/** At the thirds of the time, while nothing else is asked. */
async function fillDiskTwice(
  { ledger, turnstile }: Soak,
  disk: SmallDisk | undefined,
  asker: Asker | undefined,
  minutes: number,
) {
  if (!disk || !asker) return;
  for (let third = 1; third < 3; third += 1) {
    await delay((minutes * 60_000) / 3);
    await turnstile.closed(async () => {
      const startedAt = performance.now();
      const outcomes = await tryFullDisk(disk, asker);
      for (const outcome of outcomes) {
        ledger.note(FULL_DISK.name, outcome, performance.now() - startedAt);
      }
    });
  }
}

/** As the kernel does when memory runs out. */
async function killNowAndThen(going: Soak) {
  while (performance.now() + KILL_EVERY_MS < going.endsAt) {
    await delay(KILL_EVERY_MS);
    const pids = await readProcesses(going.product);
    const pid = pids[going.kills % Math.max(1, pids.length)];
    if (pid === undefined || !isAlive(pid)) continue;
    going.kills += 1;
    process.kill(pid, 'SIGKILL');
  }
}

async function watch({ product, ledger }: Soak, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  print(['minute', 'requests', ...MEASURE_NAMES.map((name) => MEASURES[name].label)]);
  for (let count = 1; count <= SAMPLES; count += 1) {
    await delay((minutes * 60_000) / SAMPLES);
    const sample: Sample = {
      minute: (minutes * count) / SAMPLES,
      requests: ledger.requests,
      ...(await measure(product)),
    };
    samples.push(sample);
    printSample(sample);
  }
  return samples;
}

/** Stops the server; what of it is still there: processes, and what they have on disk. */
async function listLeft(product: Product): Promise<string[]> {
  const pids = listDescendants(product.pid);
  await product.stopProgram('SIGTERM');
  const endsAt = performance.now() + PATIENCE_MS;
  const look = () => [...pids.filter(isAlive), ...listLeftPrograms()];
  while (look().length > 0 && performance.now() < endsAt) await delay(100);
  return look().map((pid) => `process ${pid} was left`);
}

/** The programs that agents have left behind, by their seconds. */
function listLeftPrograms(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readCommandLine(pid).includes(LEFT_SECONDS));
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

/** Prints the table, and what must not be; 1 if anything of that is. */
function report({ ledger, kills }: Soak, samples: readonly Sample[], left: readonly string[]) {
  const allowed = Object.fromEntries([
    ...Object.entries(KINDS).map(([name, { allows }]) => [name, allows]),
    [FULL_DISK.name, FULL_DISK.allows],
  ]);
  const faults = [
    ...listGrown(samples),
    ...ledger.listFaults(allowed),
    ...(ledger.killed > kills ? [`${ledger.killed} requests failed with ${kills} kills`] : []),
    ...left,
  ];
  console.log(`\nRequests: ${ledger.requests}. CLI processes killed: ${kills}.\n`);
  for (const cells of ledger.toRows()) console.log(`| ${cells.join(' | ')} |`);
  console.log('\nAt the start, in the middle, at the end:');
  print(['minute', 'requests', ...MEASURE_NAMES.map((name) => MEASURES[name].label)]);
  for (const sample of [samples[0], samples[Math.floor(samples.length / 2)], samples.at(-1)]) {
    if (sample) printSample(sample);
  }
  console.log(`\nWhat grew:\n${tellGrowth(samples).join('\n')}`);
  console.log(faults.length === 0 ? '\nNothing was lost, doubled or left, and nothing grew.' : '');
  for (const fault of faults) console.log(`NOT WELL: ${fault}`);
  return faults.length === 0 ? 0 : 1;
}

function printSample(sample: Sample) {
  const shown = MEASURE_NAMES.map((name) => sample[name].toFixed(0));
  print([sample.minute.toFixed(2), String(sample.requests), ...shown]);
}

function print(cells: readonly string[]) {
  console.log(cells.map((cell) => cell.padStart(12)).join('  '));
}

function readMinutes(text = '10') {
  const minutes = Number(text);
  if (minutes >= 0.5 && minutes <= 24 * 60) return minutes;
  throw new Error('Name the minutes, from 0.5 to 1440: npm run soak -- 30');
}

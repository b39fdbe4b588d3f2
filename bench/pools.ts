import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { listDescendants, readRssBytes } from '../src/claude/process/system-processes.ts';
import { askProxy } from './ask.ts';
import { type Stage, withStage } from './processes.ts';
import { readTreeCpuMs } from './read-cpu.ts';
import { toOrigin, writeSection } from './results.ts';
import { toMedian } from './statistics.ts';

/**
 * What WARM_PROCESSES and MAX_PROCESSES do, in milliseconds to the first token, in processor time and in memory:
 * the defaults are chosen by this table. Six minutes on two free cores; writes its section of RESULTS.md:
 *
 *     npm run build && node bench/pools.ts --rounds=3
 *
 * `--short` sees that it works and writes nothing.
 */
const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, short: { type: 'boolean', default: false } },
});
const rounds = flags.short ? 1 : Number(flags.rounds);
const WARM = flags.short ? [2] : [0, 1, 2, 4];
const MAX = flags.short ? [8] : [4, 8, 12];

/** How many ask at the same moment, all of them callers whom no process knows. */
const BURSTS = [1, 2, 8];

const CALLERS = 10;

/** A server that takes less than a twentieth of a core for so long, in milliseconds, has nothing to do. */
const IDLE_MS = 500;
const LONGEST_MS = 20_000;

type Measured = {
  warm: number;
  max: number;
  idleMb: number;
  /** The last first token of each burst. */
  burstsMs: number[];
  oneCallerMs: number;
  tenCallersMs: number;
  /** Of a request, over all of the above. */
  cpuMs: number;
};

let callers = 0;

const rows: Measured[] = [];
for (const max of MAX) {
  for (const warm of WARM) {
    const row = await measure(warm, max);
    console.log(toLine(row));
    rows.push(row);
  }
}
if (!flags.short) await writeSection('## Pools', toSection());

function measure(warm: number, max: number): Promise<Measured> {
  const settings = { WARM_PROCESSES: String(warm), MAX_PROCESSES: String(max) };
  return withStage(settings, async (stage) => {
    await waitUntilIdle(stage);
    const idleMb = readTreeMb(stage);
    const beforeMs = readTreeCpuMs(stage.proxyPid);
    let requests = 0;
    const ask = async (caller: string) => {
      requests += 1;
      return (await askProxy(stage, toQuestion(caller))).firstTokenMs;
    };
    const burstsMs: number[] = [];
    for (const size of BURSTS) {
      burstsMs.push(
        await repeat(stage, async () => {
          const timings = await Promise.all(Array.from({ length: size }, () => ask(newCaller())));
          return Math.max(...timings);
        }),
      );
    }
    const one = newCaller();
    await ask(one);
    const oneCallerMs = await repeat(stage, () => ask(one));
    const ten = Array.from({ length: CALLERS }, newCaller);
    for (const caller of ten) await ask(caller);
    const tenCallersMs = await repeat(stage, async () => {
      const timings: number[] = [];
      for (const caller of ten) timings.push(await ask(caller));
      return toMedian(timings);
    });
    const cpuMs = (readTreeCpuMs(stage.proxyPid) - beforeMs) / requests;
    return { warm, max, idleMb, burstsMs, oneCallerMs, tenCallersMs, cpuMs };
  });
}

/** The median of the rounds, each on an idle server. */
async function repeat(stage: Stage, task: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await waitUntilIdle(stage);
    times.push(await task());
  }
  return toMedian(times);
}

async function waitUntilIdle({ proxyPid }: Stage) {
  const untilMs = performance.now() + LONGEST_MS;
  for (let before = Number.NaN; performance.now() < untilMs; await delay(IDLE_MS)) {
    const now = readTreeCpuMs(proxyPid);
    if (now - before <= IDLE_MS / 20) return;
    before = now;
  }
}

/** The server with all its processes. */
function readTreeMb({ proxyPid }: Stage) {
  const all = [proxyPid, ...listDescendants(proxyPid)].map((pid) => readRssBytes(pid) ?? 0);
  return all.reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;
}

function newCaller() {
  callers += 1;
  return `caller-${callers}`;
}

/** The user makes a caller of his own of each (`claude/chat/identity.ts`). */
function toQuestion(caller: string) {
  return {
    system: `Be brief with ${caller}.`,
    messages: [{ role: 'user', content: 'Say hello.' }],
    extra: { metadata: { user_id: caller } },
  };
}

function toSection() {
  return `${toOrigin(`node bench/pools.ts --rounds=${rounds}`)} shared with
the model server and the benchmark. First tokens in milliseconds: of those who ask at once and whom no process
knows, the last one's; then of one caller again and again, and of ten in turn. Memory is that of the idle server with
all its processes, processor time that of a request.

| WARM | MAX | idle memory | 1 at once | 2 at once | 8 at once | one caller | ten callers | CPU |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}
`;
}

function toLine({ warm, max, idleMb, burstsMs, oneCallerMs, tenCallersMs, cpuMs }: Measured) {
  const times = [...burstsMs, oneCallerMs, tenCallersMs].map((ms) => `${ms.toFixed(0)} ms`);
  const cells = [warm, max, `${idleMb.toFixed(0)} MB`, ...times, `${cpuMs.toFixed(0)} ms`];
  return `| ${cells.join(' | ')} |`;
}

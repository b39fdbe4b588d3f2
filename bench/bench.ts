import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { loadAgentSdk } from './agent-sdk.ts';
import { type HistoryRow, measureHistories } from './histories.ts';
import { openStage } from './processes.ts';
import { POOLS, REST, RESULTS, readFrom } from './results.ts';
import type { Figure, Row } from './rows.ts';
import { toScenarios } from './scenarios.ts';
import { measureShapes, type Shape } from './shapes.ts';

/**
 * Measures the proxy beside `claude -p`, in one run and interleaved, from this process. `--short` sees
 * that it works; its figures mean nothing. Each count can be set: `--each=15 --load=80 --streams=5
 * --waiting=1000 --requests=5000 --changing=4,100,400`. `--ratios` measures the first table only and
 * leaves the others in RESULTS.md as they are; in twelve minutes:
 *
 *     npm run bench -- --ratios --each=9 --load=64 --streams=9 --changing=100
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    each: { type: 'string' },
    load: { type: 'string' },
    streams: { type: 'string' },
    waiting: { type: 'string' },
    requests: { type: 'string' },
    histories: { type: 'string' },
    changing: { type: 'string' },
    ratios: { type: 'boolean', default: false },
  },
});
const isShort = flags.short;
const rounds = {
  each: Number(flags.each ?? (isShort ? 1 : 15)),
  load: Number(flags.load ?? (isShort ? 8 : 80)),
  deltas: isShort ? 200 : 20_000,
  streams: Number(flags.streams ?? (isShort ? 1 : 5)),
  waiting: Number(flags.waiting ?? (isShort ? 20 : 1000)),
  histories: Number(flags.histories ?? (isShort ? 1 : 5)),
  lengths: isShort ? [4] : [4, 20, 50, 100, 150, 200, 400],
  changing: (flags.changing ?? (isShort ? '4' : '4,100,400')).split(',').map(Number),
  requests: Number(flags.requests ?? (isShort ? 20 : 5000)),
  watchMs: isShort ? 500 : 10_000,
};

const rows: Row[] = [];
const histories: HistoryRow[] = [];
const stage = await openStage();
try {
  for (const scenario of toScenarios(rounds, await loadAgentSdk())) {
    const row = await scenario(stage, rounds);
    console.log(toLine(row));
    rows.push(row);
  }
  if (!flags.ratios) histories.push(...(await measureHistories(stage, rounds)));
  for (const history of histories) console.log(toHistoryLine(history));
} finally {
  await stage.close();
}
const shapes = flags.ratios ? [] : await measureShapes(rounds);
for (const shape of shapes) console.log(toShapeLine(shape));
if (!isShort)
  await writeFile(RESULTS, toDocument(flags.ratios ? await readFrom(REST) : await toRest()));

function toDocument(rest: string): string {
  return `# Results

${toOrigin()} Ratios count; single figures are this machine's mood. Each ratio is the median of its rounds.
In brackets is what 95 of 100 reach. Processor time is that of a request, with all processes of the
server until it is quiet again.

| work | proxy, median (p95) | \`claude -p\`, median (p95) | ratio (p95) | wanted | CPU, proxy | CPU, \`claude -p\` |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}

${rest}`;
}

async function toRest(): Promise<string> {
  return `${REST}

${toOrigin()}

| messages before the last one | replayed into a waiting process | read by a new one |
| --- | --- | --- |
${histories.map(toHistoryLine).join('\n')}

| shape | figure | wanted |
| --- | --- | --- |
${shapes.map(toShapeLine).join('\n')}

${await readFrom(POOLS)}`;
}

function toOrigin(): string {
  return `Written by \`npm run bench\` (${JSON.stringify(rounds)}) on ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores shared with the model
server, the benchmark and \`claude -p\` itself.`;
}

function toLine({ work, unit, proxy, claude, ratio, wanted, proxyCpuMs, claudeCpuMs }: Row) {
  const cells = [
    work,
    `${toCell(proxy)} ${unit}`,
    `${toCell(claude)} ${unit}`,
    `${ratio.median.toFixed(2)} (${ratio.p95.toFixed(2)})`,
    wanted,
    `${toCell(proxyCpuMs)} ms`,
    `${toCell(claudeCpuMs)} ms`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function toCell({ median, p95 }: Figure): string {
  return `${toShort(median)} (${toShort(p95)})`;
}

function toHistoryLine({ messages, replayedMs, resumedMs }: HistoryRow): string {
  return `| ${messages} | ${toShort(replayedMs)} ms | ${toShort(resumedMs)} ms |`;
}

function toShapeLine({ work, unit, figure, wanted }: Shape): string {
  return `| ${work} | ${figure.toFixed(1)} ${unit} | ${wanted} |`;
}

function toShort(value: number): string {
  return value < 20 ? value.toFixed(1) : value.toFixed(0);
}

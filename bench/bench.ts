import { parseArgs } from 'node:util';

import { loadAgentSdk } from './agent-sdk.ts';
import { measureCluster } from './cluster.ts';
import { type HistoryRow, measureHistories } from './histories.ts';
import { openStage } from './processes.ts';
import { toOrigin, writeSection } from './results.ts';
import type { Figure, Row } from './rows.ts';
import { toScenarios } from './scenarios.ts';
import { measureShapes, type Shape, toShapeLine, toShapeTable } from './shapes.ts';

/**
 * Measures the proxy beside `claude -p`, in one run and interleaved, from this process. `--short` sees
 * that it works; its figures mean nothing. Each count can be set: `--each=15 --load=80 --streams=5
 * --waiting=1000 --pairs=100 --requests=5000 --changing=4,100,400`. `--ratios` measures the first table only and
 * leaves the others in RESULTS.md as they are; in twelve minutes:
 *
 *     npm run bench -- --ratios --each=9 --load=64 --streams=9 --changing=100
 *
 * `--cluster` measures fronts and workers on one Redis instead of all that, in four minutes; it needs redis-server.
 */
const { values: flags } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    each: { type: 'string' },
    load: { type: 'string' },
    streams: { type: 'string' },
    waiting: { type: 'string' },
    pairs: { type: 'string' },
    requests: { type: 'string' },
    histories: { type: 'string' },
    changing: { type: 'string' },
    ratios: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
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
  pairs: Number(flags.pairs ?? (isShort ? 2 : 100)),
  requests: Number(flags.requests ?? (isShort ? 20 : 5000)),
  watchMs: isShort ? 500 : 10_000,
};

if (flags.cluster) await runCluster();
else await runAlone();

async function runAlone() {
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
  if (!isShort) await writeSection('# Results', toRatios(rows));
  if (flags.ratios) return;
  const shapes = await measureShapes(rounds);
  for (const shape of shapes) console.log(toShapeLine(shape));
  if (!isShort) await writeSection('## Histories and shapes', toRest(histories, shapes));
}

async function runCluster() {
  const shapes: Shape[] = [];
  for await (const shape of measureCluster(rounds)) {
    console.log(toShapeLine(shape));
    shapes.push(shape);
  }
  if (!isShort) await writeSection('## Cluster', toClusterSection(shapes));
}

function toRatios(rows: readonly Row[]): string {
  return `${toBenchOrigin()} Ratios count; single figures are this machine's mood. Each ratio is the median of its rounds.
In brackets is what 95 of 100 reach. Processor time is that of a request, with all processes of the
server until it is quiet again.

| work | proxy, median (p95) | \`claude -p\`, median (p95) | ratio (p95) | wanted | CPU, proxy | CPU, \`claude -p\` |
| --- | --- | --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}`;
}

function toRest(histories: readonly HistoryRow[], shapes: readonly Shape[]): string {
  return `${toBenchOrigin()}

| messages before the last one | replayed into a waiting process | read by a new one |
| --- | --- | --- |
${histories.map(toHistoryLine).join('\n')}

${toShapeTable(shapes)}`;
}

function toClusterSection(shapes: readonly Shape[]): string {
  return `${toOrigin('npm run bench -- --cluster', rounds)} shared
with Redis, the model server, all programs of the cluster and the benchmark. Times are medians: one process and the
cluster are asked in turn, and the added time is the median of the differences. In the rows with a stub a program that
answers after 300 ms, or not at all, stands in the place of the CLI: two cores would be the bound, and not the cluster.

${toShapeTable(shapes)}`;
}

function toBenchOrigin(): string {
  return `${toOrigin('npm run bench', rounds)} shared with the model
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

function toShort(value: number): string {
  return value < 20 ? value.toFixed(1) : value.toFixed(0);
}

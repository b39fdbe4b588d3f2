import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { type HistoryRow, measureHistories } from './histories.ts';
import { openStage } from './processes.ts';
import { type Row, SCENARIOS } from './scenarios.ts';
import { measureShapes, type Shape } from './shapes.ts';

/**
 * Measures the proxy beside `claude -p`, in one run and interleaved, from this process. `--short` sees
 * that it works; its figures mean nothing. Each count can be set: `--each=15 --load=80 --streams=5
 * --waiting=1000 --requests=5000`.
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
  requests: Number(flags.requests ?? (isShort ? 20 : 5000)),
  watchMs: isShort ? 500 : 10_000,
};

const rows: Row[] = [];
let histories: HistoryRow[];
const stage = await openStage();
try {
  for (const scenario of SCENARIOS) {
    const row = await scenario(stage, rounds);
    console.log(toLine(row));
    rows.push(row);
  }
  histories = await measureHistories(stage, rounds);
  for (const history of histories) console.log(toHistoryLine(history));
} finally {
  await stage.close();
}
const shapes = await measureShapes(rounds);
for (const shape of shapes) console.log(toShapeLine(shape));
if (!isShort) await writeFile(join(import.meta.dirname, 'RESULTS.md'), toDocument());

function toDocument(): string {
  return `# Results

Written by \`npm run bench\` (${JSON.stringify(rounds)}) on ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores shared with the model
server, the benchmark and \`claude -p\` itself. Ratios count; single figures are this machine's mood.

| work | proxy, median (p95) | \`claude -p\`, median (p95) | ratio | wanted |
| --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}

| messages before the last one | replayed into a waiting process | read by a new one |
| --- | --- | --- |
${histories.map(toHistoryLine).join('\n')}

| shape | figure | wanted |
| --- | --- | --- |
${shapes.map(toShapeLine).join('\n')}
`;
}

function toLine({ work, unit, proxy, claude, ratio, wanted }: Row): string {
  const toCell = ({ median, p95 }: Row['proxy']) => `${toShort(median)} (${toShort(p95)}) ${unit}`;
  return `| ${work} | ${toCell(proxy)} | ${toCell(claude)} | ${ratio.toFixed(2)} | ${wanted} |`;
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

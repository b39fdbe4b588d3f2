import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { openStage } from './processes.ts';
import { type Row, SCENARIOS } from './scenarios.ts';
import { measureShapes, type Shape } from './shapes.ts';

/**
 * Measures the proxy beside `claude -p`, in one run and interleaved, from this process. `--short` sees
 * that it works; its figures mean nothing. `--requests=N` says how many requests the memory is watched
 * over, 5,000 by default.
 */
const isShort = process.argv.includes('--short');
const rounds = isShort
  ? { each: 1, load: 8, deltas: 200, streams: 1, waiting: 20, requests: 20, watchMs: 500 }
  : {
      each: 15,
      load: 80,
      deltas: 20_000,
      streams: 5,
      waiting: 1000,
      requests: Number(/--requests=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 5000),
      watchMs: 10_000,
    };

const rows: Row[] = [];
const stage = await openStage();
try {
  for (const scenario of SCENARIOS) {
    const row = await scenario(stage, rounds);
    console.log(toLine(row));
    rows.push(row);
  }
} finally {
  await stage.close();
}
const shapes = await measureShapes(rounds);
for (const shape of shapes) console.log(toShapeLine(shape));
if (!isShort) await writeFile(join(import.meta.dirname, 'RESULTS.md'), toDocument());

function toDocument(): string {
  return `# Results

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores shared with the model
server, the benchmark and \`claude -p\` itself. Ratios count; single figures are this machine's mood.

| work | proxy, median (p95) | \`claude -p\`, median (p95) | ratio | wanted |
| --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}

| shape | figure | wanted |
| --- | --- | --- |
${shapes.map(toShapeLine).join('\n')}
`;
}

function toLine({ work, unit, proxy, claude, ratio, wanted }: Row): string {
  const toCell = ({ median, p95 }: Row['proxy']) => `${toShort(median)} (${toShort(p95)}) ${unit}`;
  return `| ${work} | ${toCell(proxy)} | ${toCell(claude)} | ${ratio.toFixed(2)} | ${wanted} |`;
}

function toShapeLine({ work, unit, figure, wanted }: Shape): string {
  return `| ${work} | ${figure.toFixed(1)} ${unit} | ${wanted} |`;
}

function toShort(value: number): string {
  return value < 20 ? value.toFixed(1) : value.toFixed(0);
}

import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { openStage } from './processes.ts';
import { type Row, SCENARIOS } from './scenarios.ts';

/**
 * Measures the proxy beside `claude -p`, in one run and interleaved, from this process. `--short` sees
 * that it works; its figures mean nothing.
 */
const isShort = process.argv.includes('--short');
const rounds = isShort ? { each: 1, load: 8 } : { each: 15, load: 160 };

const stage = await openStage();
try {
  const rows: Row[] = [];
  for (const scenario of SCENARIOS) {
    const row = await scenario(stage, rounds);
    console.log(toLine(row));
    rows.push(row);
  }
  if (!isShort) await writeFile(join(import.meta.dirname, 'RESULTS.md'), toDocument(rows));
} finally {
  await stage.close();
}

function toDocument(rows: readonly Row[]): string {
  return `# Results

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores shared with the model
server, the benchmark and \`claude -p\` itself. Ratios count; single figures are this machine's mood.

| work | proxy, median (p95) | \`claude -p\`, median (p95) | ratio | wanted |
| --- | --- | --- | --- | --- |
${rows.map(toLine).join('\n')}
`;
}

function toLine({ work, unit, proxy, claude, ratio, wanted }: Row): string {
  const toCell = ({ median, p95 }: Row['proxy']) => `${toShort(median)} (${toShort(p95)}) ${unit}`;
  return `| ${work} | ${toCell(proxy)} | ${toCell(claude)} | ${ratio.toFixed(2)} | ${wanted} |`;
}

function toShort(value: number): string {
  return value < 20 ? value.toFixed(1) : value.toFixed(0);
}

import { toMedian, toQuantile } from './statistics.ts';

/** One line of the table: the proxy's figure beside that of `claude -p`, from the same minutes. */
export type Row = {
  work: string;
  unit: 'ms' | 'requests/s';
  proxy: Figure;
  claude: Figure;
  /** The proxy's over the other, round by round. */
  ratio: Figure;
  /** What the ratio has to be. */
  wanted: string;
  /** Processor time of a request, in milliseconds. */
  proxyCpuMs: Figure;
  claudeCpuMs: Figure;
};

/** In `p95` 95 of 100 are as good or better. */
export type Figure = { median: number; p95: number };

/** What one round has shown; the processor time is that of one request. */
export type Sample = { figure: number; cpuMs: number };

/** `unit` is `ms` unless it says otherwise. */
export function toRow(
  { work, wanted, unit = 'ms' }: Pick<Row, 'work' | 'wanted'> & Partial<Pick<Row, 'unit'>>,
  proxy: readonly Sample[],
  claude: readonly Sample[],
): Row {
  const rank = unit === 'ms' ? 0.95 : 0.05;
  const ratios = proxy.map(({ figure }, round) => figure / (claude[round]?.figure ?? Number.NaN));
  return {
    work,
    unit,
    wanted,
    proxy: toFigure(proxy.map(toOwn), rank),
    claude: toFigure(claude.map(toOwn), rank),
    ratio: toFigure(ratios, rank),
    proxyCpuMs: toFigure(proxy.map(toCpu)),
    claudeCpuMs: toFigure(claude.map(toCpu)),
  };
}

function toOwn({ figure }: Sample) {
  return figure;
}

function toCpu({ cpuMs }: Sample) {
  return cpuMs;
}

function toFigure(values: readonly number[], rank = 0.95): Figure {
  return { median: toMedian(values), p95: toQuantile(values, rank) };
}

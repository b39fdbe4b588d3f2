import type {
  HistoryPoint,
  HistorySums,
  RangeHistory,
  RangeName,
} from '../../observation/ranges.ts';
import { RANGES } from '../../observation/ranges.ts';
import { chart, type ChartOptions, type Series } from './chart.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { toCount, toDollars, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { toRequestsHref } from '../requests/requests-href.ts';
import { time } from '../time.ts';

const RANGE_TITLES: Readonly<Record<RangeName, string>> = {
  hour: 'Last hour',
  day: 'Last day',
  week: 'Last week',
};

/** The charts of one range. */
export function overTimeSection({ watch }: DashboardParts, range: RangeName): Html {
  const { points, whole } = watch.history.read(range);
  return html`${ranges(range)}
    <div class="charts">${CHARTS.map((one) => one({ points, whole }, range))}</div>
    ${table(points, range)}`;
}

function ranges(chosen: RangeName) {
  const names = Object.keys(RANGES) as RangeName[];
  return html`<div class="ranges" role="group" aria-label="How far back">
    ${names.map(
      (range) =>
        html`<button
          type="button"
          id="range-${range}"
          data-load="/dashboard/over-time?range=${range}"
          aria-pressed="${String(range === chosen)}"
        >
          ${RANGE_TITLES[range]}
        </button>`,
    )}
  </div>`;
}

type Points = readonly HistoryPoint[];

/** What one bucket, and what the whole range, has of a series. */
type ToValue = (sums: HistorySums) => number | undefined;

type SeriesKind = Pick<Series, 'name' | 'mood'> & { toValue: ToValue };

const CHARTS: readonly ((history: RangeHistory, range: RangeName) => Html)[] = [
  draw('Requests', toCount, 'bars', [{ name: 'requests', toValue: (sums) => sums.requests }]),
  draw('Errors', toCount, 'bars', [
    { name: 'errors', toValue: (sums) => sums.errors, mood: 'bad' },
  ]),
  draw('Time to first token', toDuration, 'lines', [
    { name: 'p50', toValue: ({ firstTokenMs }) => firstTokenMs?.p50 },
    { name: 'p95', toValue: ({ firstTokenMs }) => firstTokenMs?.p95, mood: 'second' },
  ]),
  draw('Whole answer', toDuration, 'lines', [
    { name: 'p50', toValue: ({ totalMs }) => totalMs?.p50 },
    { name: 'p95', toValue: ({ totalMs }) => totalMs?.p95, mood: 'second' },
  ]),
  draw('Tokens', toCount, 'bars', [
    { name: 'in', toValue: (sums) => sums.inputTokens },
    { name: 'out', toValue: (sums) => sums.outputTokens, mood: 'second' },
  ]),
  draw('Cost', toDollars, 'bars', [{ name: 'dollars', toValue: (sums) => sums.costUsd }]),
  draw('Queue and places, at most', toCount, 'lines', [
    { name: 'running', toValue: ({ load }) => load?.running },
    { name: 'waiting', toValue: ({ load }) => load?.waiting, mood: 'second' },
  ]),
  draw('CLI processes, at most', toCount, 'lines', [
    { name: 'alive', toValue: ({ load }) => load?.processes },
    { name: 'spare', toValue: ({ load }) => load?.ready, mood: 'second' },
  ]),
  draw('Processes asked for', toCount, 'bars', [
    { name: 'a spare was there', toValue: ({ load }) => load?.hit },
    { name: 'none was', toValue: ({ load }) => load?.missed, mood: 'second' },
  ]),
];

/** How the times of each range are told. */
const SCALES = { hour: 'clock', day: 'clock', week: 'day' } as const satisfies Record<
  RangeName,
  ChartOptions['scale']
>;

function draw(
  title: string,
  format: (value: number) => string,
  kind: 'bars' | 'lines',
  series: readonly SeriesKind[],
) {
  return ({ points, whole }: RangeHistory, range: RangeName) =>
    chart({
      title,
      format,
      kind,
      scale: SCALES[range],
      slots: points.map((point) => ({
        atMs: point.at,
        href: title === 'Errors' ? toFailures(point, range) : undefined,
      })),
      series: series.map(({ toValue, ...one }) => ({
        ...one,
        values: points.map((point) => toValue(point)),
        whole: toValue(whole),
      })),
    });
}

/** The requests behind a bar. */
function toFailures({ at }: HistoryPoint, range: RangeName) {
  const [from, to] = [at, at + RANGES[range].bucketMinutes * 60_000];
  return toRequestsHref({ outcome: 'failed', from: toIso(from), to: toIso(to) });
}

function toIso(atMs: number) {
  return new Date(atMs).toISOString();
}

/** The same for who cannot see charts. */
function table(points: Points, range: RangeName) {
  const filled = points.filter(({ requests }) => requests > 0).toReversed();
  if (filled.length === 0) return html`<p class="empty">Nothing ran in this time.</p>`;
  return html`<details id="over-time-table">
    <summary>The same as a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Requests over time">
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" class="number">Requests</th>
            <th scope="col" class="number">Errors</th>
            <th scope="col" class="number">First token p50</th>
            <th scope="col" class="number">p95</th>
            <th scope="col" class="number">Tokens in</th>
            <th scope="col" class="number">out</th>
            <th scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          ${filled.map((point) => row(point, range))}
        </tbody>
      </table>
    </div>
  </details>`;
}

function row(point: HistoryPoint, range: RangeName) {
  return html`<tr>
    <th scope="row">${time(point.at)}</th>
    <td class="number">${toCount(point.requests)}</td>
    <td class="number">
      ${
        point.errors === 0
          ? '0'
          : html`<a class="bad" href="${toFailures(point, range)}">${toCount(point.errors)}</a>`
      }
    </td>
    <td class="number">${toCell(point.firstTokenMs?.p50)}</td>
    <td class="number">${toCell(point.firstTokenMs?.p95)}</td>
    <td class="number">${toCount(point.inputTokens)}</td>
    <td class="number">${toCount(point.outputTokens)}</td>
    <td class="number">${toDollars(point.costUsd)}</td>
  </tr>`;
}

function toCell(ms: number | undefined) {
  return ms === undefined ? '–' : toDuration(ms);
}

import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { NamedUsage, UsageRange } from '../../observation/requests/usage.ts';
import { USAGE_RANGES } from '../../observation/requests/usage.ts';
import { type KeyUsage, readUsage, readUsageRange } from '../../routes/admin/usage.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { orComplaint } from '../or-complaint.ts';
import type { Page } from '../page.ts';
import { toRequestsHref } from '../requests/requests-href.ts';
import { section } from '../section.ts';
import { time } from '../time.ts';
import { toApiTitle } from '../trials.ts';
import { limitsTable } from './limits-table.ts';
import { usageTable } from './usage-table.ts';

const RANGE_TITLES: Readonly<Record<UsageRange, string>> = {
  hour: 'Last hour',
  day: 'Last day',
  week: 'Last week',
  month: 'Last 30 days',
};

/** `/usage`: who used what, and how far each key is from its limits. */
export const usagePage: Page = {
  title: 'Usage',
  render: (parts, c) => orComplaint(() => usageSections(parts, c)),
};

async function usageSections(parts: DashboardParts, c: Context<AppEnv>): Promise<Html> {
  const { range, fromMs, usage, keys } = await readUsage(parts, readUsageRange(c));
  const { whole, models, dialects, keptSinceMs } = usage;
  const from = new Date(fromMs).toISOString();
  const used = html`${ranges(range)} ${howFar(keptSinceMs, fromMs)}
  ${usageTable('By key', 'Key', [
    ...keys.filter(({ sums }) => sums.requests > 0).map((key) => toKeyRow(key, from)),
    { title: 'All', asked: { from }, sums: whole, isWhole: true },
  ])}
  ${usageTable(
    'By model',
    'Model',
    models.map((one) => toRow(one, { model: one.name, from })),
  )}
  ${usageTable(
    'By API',
    'API',
    dialects.map((one) => toRow(one, { api: one.name, from }, toApiTitle(one.name))),
  )}`;
  return html`${section('usage', 'Usage', used)}
  ${section('limits', 'Limits now', limitsTable(keys))}`;
}

function ranges(chosen: UsageRange) {
  const names = Object.keys(USAGE_RANGES) as UsageRange[]; // `keys` forgets the names
  return html`<nav class="ranges" aria-label="How far back">
    ${names.map(
      (range) =>
        html`<a
          class="button"
          href="/usage?range=${range}"
          ${range === chosen ? html`aria-current="true"` : ''}
          >${RANGE_TITLES[range]}</a
        >`,
    )}
    <a href="/api/admin/usage?range=${chosen}">As JSON</a>
  </nav>`;
}

/** The log is bounded: a month may be more than it holds. */
function howFar(keptSinceMs: number | undefined, fromMs: number): Html | '' {
  if (keptSinceMs === undefined || keptSinceMs <= fromMs) return '';
  return html`<p class="hint">Kept since ${time(keptSinceMs)}; nothing before counts.</p>`;
}

function toKeyRow({ id, name, sums }: KeyUsage, from: string) {
  return { title: name, asked: { key: id, from }, sums };
}

function toRow(
  { name, ...sums }: NamedUsage,
  asked: Parameters<typeof toRequestsHref>[0],
  title = name,
) {
  return { title, asked, sums };
}

import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { readRequestPage } from '../../routes/admin/requests.ts';
import type { Times } from '../../observation/requests/times.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { toCount, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { orComplaint } from '../or-complaint.ts';
import type { Page } from '../page.ts';
import { section } from '../section.ts';
import { filterForm } from './filter-form.ts';
import { requestTable } from './request-table.ts';
import { toRequestsHref, withQuery } from './requests-href.ts';

/** `/requests`: what ended, as the address filters it, the newest first. */
export const requestsPage: Page = {
  title: 'Requests',
  scripts: ['requests.js'],
  async render(parts, c) {
    const query = new URL(c.req.url).searchParams;
    const content = html`${await filterForm(parts, query)} ${await found(parts, c, query)}`;
    return section('requests', 'Requests', content);
  },
};

async function found(parts: DashboardParts, c: Context<AppEnv>, query: URLSearchParams) {
  return orComplaint(async () => {
    const { filter, requests, next, nameKey } = await readRequestPage(c, parts);
    const times = await parts.watch.requests.readTimes(filter);
    return html`${summary(times)} ${requestTable(requests, { nameKey, query })} ${ways(query, next)}`;
  });
}

/** Of all that fit, on the other pages, too. */
function summary({ requests, failed, firstTokenMs, totalMs }: Times) {
  if (requests === 0) return '';
  return html`<p class="summary">
    <span><b>${toCount(requests)}</b> ${requests === 1 ? 'request' : 'requests'}</span>
    <span><b>${toCount(failed)}</b> failed</span>
    ${quantiles('First token', firstTokenMs)} ${quantiles('Took', totalMs)}
  </p>`;
}

function quantiles(title: string, times: Times['totalMs']) {
  if (!times) return '';
  return html`<span
    >${title} p50 <b>${toDuration(times.p50)}</b>, p95 <b>${toDuration(times.p95)}</b></span
  >`;
}

/** To the pages before and behind, and to what is shown as files. */
function ways(query: URLSearchParams, next: string | null): Html {
  return html`<p class="row ways">
    ${query.get('cursor') ? html`<a href="${toRequestsHref({ cursor: '' }, query)}">Newest</a>` : ''}
    ${next === null ? '' : html`<a rel="next" href="${toRequestsHref({ cursor: next }, query)}">Older</a>`}
    <a href="${withQuery('/api/admin/requests', {}, query)}">These as JSON</a>
    <a href="${withQuery('/api/admin/requests', { format: 'csv', cursor: '' }, query)}" download
      >All that fit as CSV</a
    >
  </p>`;
}

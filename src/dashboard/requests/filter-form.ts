import { readKeyNames } from '../../routes/admin/key-names.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { TRIALS } from '../trials.ts';
import { toRequestsHref } from './requests-href.ts';

type Choice = { value: string; title: string };

const STATUSES = ['done', 'failed', 'cancelled'].map(toPlain);

const APIS = TRIALS.map(({ name, title }) => ({ value: name, title }));

const HOUR_MS = 3_600_000;

/** How far back the links beside the form lead. */
const RANGES = { 'Last hour': HOUR_MS, 'Last day': 24 * HOUR_MS, 'Last week': 7 * 24 * HOUR_MS };

/** The filter as a plain form: its fields are the query of the page. */
export async function filterForm(
  { watch, keys }: DashboardParts,
  query: URLSearchParams,
): Promise<Html> {
  const { keyIds, models } = watch.requests.readChoices();
  const nameKey = await readKeyNames(
    keys,
    keyIds.map((keyId) => ({ keyId })),
  );
  const keyChoices = keyIds.map((value) => ({ value, title: nameKey(value) }));
  const read = (name: string) => query.get(name) ?? '';
  return html`<form method="get" action="/requests" class="filter" role="search">
    ${choice('outcome', 'Outcome', STATUSES, read('outcome'))}
    ${choice('key', 'Key', keyChoices, read('key'))}
    ${choice('model', 'Model', models.map(toPlain), read('model'))}
    ${choice('api', 'API', APIS, read('api'))} ${timeField('from', 'From', read('from'))}
    ${timeField('to', 'To', read('to'))}
    <label class="wide">
      In the id or the error
      <input type="search" name="text" value="${read('text')}" autocomplete="off" />
    </label>
    <div class="row">
      <button type="submit">Show</button>
      <a href="/requests">All</a>
      ${Object.entries(RANGES).map(
        ([title, ms]) =>
          html`<a
            href="${toRequestsHref({ from: toIso(Date.now() - ms), to: '', cursor: '' }, query)}"
            >${title}</a
          >`,
      )}
    </div>
  </form>`;
}

/** What the address asks for stands there, even where it is none of the choices. */
function choice(name: string, label: string, choices: readonly Choice[], chosen: string) {
  const isKnown = chosen === '' || choices.some(({ value }) => value === chosen);
  const all = [{ value: '', title: 'all' }, ...choices, ...(isKnown ? [] : [toPlain(chosen)])];
  return html`<label>
    ${label}
    <select name="${name}">
      ${all.map(
        ({ value, title }) =>
          html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${title}</option>`,
      )}
    </select>
  </label>`;
}

/** In UTC; the script makes it the reader's own zone. */
function timeField(name: string, label: string, text: string) {
  const ms = Date.parse(/T.*(Z|[+-]\d\d:\d\d)$|^[^T]*$/.test(text) ? text : `${text}Z`);
  const value = Number.isNaN(ms) ? '' : toIso(ms).slice(0, 'YYYY-MM-DDThh:mm'.length);
  return html`<label>
    <span>${label} <span class="zone">(UTC)</span></span>
    <input type="datetime-local" name="${name}" value="${value}" />
  </label>`;
}

function toIso(ms: number) {
  return new Date(ms).toISOString();
}

function toPlain(value: string): Choice {
  return { value, title: value };
}

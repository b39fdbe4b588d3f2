import type { KeyRules, ShownKey } from '../../keys/api-key.ts';
import { RunError, toRunError } from '../../run-error.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { toCount, toDollars } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { toRequestsHref } from '../requests/requests-href.ts';
import { time } from '../time.ts';
import { keyForm } from './key-form.ts';

/** The keys beside the owner's, each with its limits to change and a way to revoke it. */
export async function keysSection({ keyStore }: DashboardParts): Promise<Html> {
  const keys = await keyStore.list().catch(toRunError);
  if (keys instanceof RunError) return html`<p class="complaint">${keys.message}</p>`;
  if (keys.length === 0) return html`<p class="empty">There is no key beside the owner's.</p>`;
  return html`<ul class="stored">
    ${keys.map((key) => item(key))}
  </ul>`;
}

/** The form for a new key, and the place where it is shown. It outlives the list, which is asked for again. */
export function newKeySection(): Html {
  return html`<div
      id="new-key"
      class="new-key"
      role="region"
      aria-label="New key"
      tabindex="-1"
      hidden
    >
      <p>The new key, shown only this once:</p>
      <div class="row">
        <code id="new-key-text"></code>
        <button type="button" class="quiet" data-copy="new-key-text">Copy</button>
        <button type="button" class="quiet" data-hide="new-key">Hide</button>
      </div>
    </div>
    <details id="add-key">
      <summary>Add a key</summary>
      ${keyForm({
        id: 'add-key',
        method: 'POST',
        path: '/api/admin/keys',
        action: 'Add',
        rules: { scopes: ['chat'] },
        hasName: true,
      })}
    </details>`;
}

function item({ id, name, createdAt, previousUntil, ...rules }: ShownKey) {
  return html`<li>
    <details id="${id}">
      <summary>
        ${name} <small>${toSummary(rules)} · since ${createdAt.slice(0, 10)} · ${id}</small>
        ${oldText(previousUntil)}
      </summary>
      ${keyForm({ id, method: 'PUT', path: `/api/admin/keys/${id}`, action: 'Save', rules })}
      ${rotationForm(id)}
      <p><a href="${toRequestsHref({ key: id })}">Its requests</a></p>
    </details>
    <button
      type="button"
      class="danger"
      data-delete="/api/admin/keys/${id}"
      data-confirm="Revoke the key ${name}? It starts nothing new; what is under way finishes."
      aria-label="Revoke the key ${name}"
    >
      Revoke
    </button>
  </li>`;
}

function oldText(until: string | undefined) {
  const untilMs = until === undefined ? 0 : Date.parse(until);
  if (untilMs <= Date.now()) return '';
  return html`<small>The old one holds until ${time(untilMs)}.</small>`;
}

/** In seconds. */
const OVERLAPS = { 'not at all': 0, 'an hour': 3600, 'a day': 86_400, 'a week': 604_800 };

function rotationForm(id: string) {
  const send = `/api/admin/keys/${id}/rotate`;
  return html`<form class="row rotation" data-method="POST" data-send="${send}">
    <label>
      When it gets a new one, the old one holds
      <select name="overlapSeconds">
        ${Object.entries(OVERLAPS).map(
          ([words, seconds]) =>
            html`<option value="${seconds}" ${words === 'a day' ? 'selected' : ''}>
              ${words}
            </option>`,
        )}
      </select>
    </label>
    <button type="submit" class="quiet">Rotate</button>
    <span id="${id}-rotation" class="state" role="status"></span>
  </form>`;
}

/** How each rule reads. */
const WORDS = {
  scopes: (scopes) => scopes.join(', '),
  models: (models) => models.join(', '),
  requestsPerMinute: (count) => `${toCount(count)} requests/min`,
  runningAtOnce: (count) => `${toCount(count)} at once`,
  tokensPerMinute: (count) => `${toCount(count)} tokens/min`,
  tokensPerDay: (count) => `${toCount(count)} tokens/day`,
  usdPerDay: (dollars) => `${toDollars(dollars)}/day`,
  usdPerRun: (dollars) => `${toDollars(dollars)}/run`,
  secondsPerRun: (count) => `${toCount(count)} s/run`,
  backgroundRuns: (count) => `${toCount(count)} in the background`,
  waitingRuns: (count) => `${toCount(count)} waiting`,
  permissionModes: (modes) => modes.join(', '),
  mcpHosts: (hosts) => `MCP on ${hosts.join(', ')}`,
  tags: (tags) => `on ${tags.join(', ')}`,
  deniedTools: (tools) => `without ${tools.join(', ')}`,
} satisfies { [Rule in keyof KeyRules]-?: (value: NonNullable<KeyRules[Rule]>) => string };

function toSummary(rules: KeyRules) {
  return Object.entries(WORDS)
    .map(([rule, toWords]) => {
      const value = rules[rule as keyof KeyRules]; // `entries` forgets the names
      return value === undefined ? '' : (toWords as (value: unknown) => string)(value);
    })
    .filter((words) => words !== '')
    .join(' · ');
}

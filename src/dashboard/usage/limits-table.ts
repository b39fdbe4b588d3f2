import type { LimitUse } from '../../limits/key-limits.ts';
import type { KeyUsage } from '../../routes/admin/usage.ts';
import { toCount, toDollars, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { toRequestsHref } from '../requests/requests-href.ts';
import { exactTime, time } from '../time.ts';

/** Every key: how much of its limits it uses now, when it was used last, when it may ask again. */
export function limitsTable(keys: readonly KeyUsage[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Limits now">
    <table class="cards">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Used of its limits</th>
          <th scope="col">Last used</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${keys.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row({ id, name, limits, lastUsedAtMs, opensAtMs }: KeyUsage) {
  return html`<tr>
    <th scope="row"><a href="${toRequestsHref({ key: id })}">${name}</a></th>
    <td data-name="Limits">
      ${limits.length === 0 ? html`<span class="empty">none</span>` : limits.map((use) => meter(name, use))}
    </td>
    <td data-name="Last used">${lastUsedAtMs === undefined ? '–' : time(lastUsedAtMs)}</td>
    <td data-name="State">${state(limits, opensAtMs)}</td>
  </tr>`;
}

function state(limits: readonly LimitUse[], opensAtMs: number | undefined) {
  if (opensAtMs !== undefined) {
    return html`<span class="badge bad">opens ${exactTime(opensAtMs)}</span>`;
  }
  const isFull = limits.some(({ used, most }) => used >= most);
  return isFull ? html`<span class="badge bad">full</span>` : 'open';
}

type Words = { title: string; format: (amount: number) => string };

const WORDS = {
  requestsPerMinute: { title: 'requests this minute', format: toCount },
  runningAtOnce: { title: 'requests under way', format: toCount },
  tokensPerMinute: { title: 'tokens this minute', format: toCount },
  tokensPerDay: { title: 'tokens this day', format: toCount },
  usdPerDay: { title: 'this day', format: toDollars },
} as const satisfies Record<LimitUse['limit'], Words>;

function meter(key: string, { limit, most, used, resetsAtMs }: LimitUse) {
  const { title, format } = WORDS[limit];
  const percent = Math.min(100, Math.round((used / most) * 100));
  return html`<div class="limit">
    <meter
      min="0"
      max="100"
      low="70"
      high="90"
      optimum="0"
      value="${percent}"
      aria-label="${key}: ${title}"
    ></meter>
    <span>${format(used)} of ${format(most)} ${title}</span>
    ${
      resetsAtMs === undefined
        ? ''
        : html`<small>anew in ${toDuration(resetsAtMs - Date.now())}</small>`
    }
  </div>`;
}

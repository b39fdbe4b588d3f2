import type { UsageSums } from '../../observation/requests/usage.ts';
import { toCount, toDollars } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { toRequestsHref } from '../requests/requests-href.ts';

export type UsageRow = {
  title: string;
  /** Which requests it is the sum of. */
  asked: Parameters<typeof toRequestsHref>[0];
  sums: UsageSums;
  /** Whether it is the sum of the other rows. Default: no. */
  isWhole?: boolean;
};

const HEADINGS = ['Requests', 'Errors', 'Tokens in', 'from the cache', 'out', 'Cost'];

/** What each used; a name leads to its requests, a number of errors to those that failed. */
export function usageTable(caption: string, heading: string, rows: readonly UsageRow[]): Html {
  if (rows.every(({ sums }) => sums.requests === 0)) {
    return html`<p class="empty">${caption}: nothing in this time.</p>`;
  }
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table class="cards usage">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">${heading}</th>
          ${HEADINGS.map((name) => html`<th scope="col" class="number">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row({ title, asked, sums, isWhole = false }: UsageRow) {
  const { requests, errors, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = sums;
  const failed = toRequestsHref({ ...asked, outcome: 'failed' });
  return html`<tr class="${isWhole ? 'whole' : ''}">
    <th scope="row"><a href="${toRequestsHref(asked)}">${title}</a></th>
    <td data-name="Requests" class="number">${toCount(requests)}</td>
    <td data-name="Errors" class="number">
      ${errors === 0 ? '0' : html`<a class="bad" href="${failed}">${toCount(errors)}</a>`}
    </td>
    <td data-name="Tokens in" class="number">
      ${toCount(inputTokens + cacheReadTokens + cacheWriteTokens)}
    </td>
    <td data-name="From the cache" class="number">${toCount(cacheReadTokens)}</td>
    <td data-name="Tokens out" class="number">${toCount(outputTokens)}</td>
    <td data-name="Cost" class="number">${toDollars(sums.costUsd)}</td>
  </tr>`;
}

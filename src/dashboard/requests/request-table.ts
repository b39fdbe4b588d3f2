import type { KeptRequest } from '../../observation/requests/kept-request.ts';
import type { NameKey } from '../../routes/admin/key-names.ts';
import { toCount, toDollars, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { exactTime } from '../time.ts';
import { toApiTitle } from '../trials.ts';
import { toRequestsHref } from './requests-href.ts';
import { timingBar } from './timing-bar.ts';

export type RequestTableOptions = {
  nameKey: NameKey;
  /** What the page asks for; a link in the table asks for less. */
  query: URLSearchParams;
};

const HEADINGS = ['Ended', 'Outcome', 'API', 'Model', 'Key'];

const NUMBERS = ['First token', 'Took', 'Tokens in', 'out', 'Cost'];

/** A body for each request: its row, why it failed, and its details, which the row opens. */
export function requestTable(requests: readonly KeptRequest[], options: RequestTableOptions): Html {
  if (requests.length === 0) return html`<p class="empty">No request fits.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Requests that ended">
    <table class="cards requests">
      <thead>
        <tr>
          ${HEADINGS.map((heading) => html`<th scope="col">${heading}</th>`)}
          ${NUMBERS.map((heading) => html`<th scope="col" class="number">${heading}</th>`)}
        </tr>
      </thead>
      ${requests.map((request) => body(request, options, requests.length === 1))}
    </table>
  </div>`;
}

function body(request: KeptRequest, { nameKey, query }: RequestTableOptions, isOpen: boolean) {
  const { dialect, model, keyId, status, outcome, error, firstTokenMs, totalMs } = request;
  const only = (asked: Parameters<typeof toRequestsHref>[0]) =>
    toRequestsHref({ ...asked, cursor: '' }, query);
  return html`<tbody>
    <tr>
      <th scope="row">
        <details ${isOpen ? 'open' : ''}>
          <summary>${exactTime(request.endedAtMs)}</summary>
        </details>
      </th>
      <td data-name="Outcome">
        <a class="badge ${status === 'failed' ? 'bad' : ''}" href="${only({ outcome })}"
          >${outcome}</a
        >
      </td>
      <td data-name="API"><a href="${only({ api: dialect })}">${toApiTitle(dialect)}</a></td>
      <td data-name="Model"><a href="${only({ model })}">${model}</a></td>
      <td data-name="Key"><a href="${only({ key: keyId })}">${nameKey(keyId)}</a></td>
      <td data-name="First token" class="number">
        ${firstTokenMs === null ? '–' : toDuration(firstTokenMs)}
      </td>
      <td data-name="Took" class="number">${toDuration(totalMs)}</td>
      <td data-name="Tokens in" class="number">${toCount(toInput(request))}</td>
      <td data-name="Tokens out" class="number">${toCount(request.outputTokens)}</td>
      <td data-name="Cost" class="number">${toCost(request)}</td>
    </tr>
    ${error === null ? '' : wide('why', html`<span class="complaint">${error}</span>`)}
    ${wide('details', details(request))}
  </tbody>`;
}

function wide(name: string, content: Html) {
  return html`<tr class="${name}">
    <td colspan="${HEADINGS.length + NUMBERS.length}">${content}</td>
  </tr>`;
}

function details(request: KeptRequest) {
  const { id, requestedModel, startedAtMs, status, outcome } = request;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = request;
  return html`${timingBar(request)}
    <dl class="facts">
      <dt>Request</dt>
      <dd>
        <a href="${toRequestsHref({ text: id })}"><code>${id}</code></a>
      </dd>
      <dt>Status</dt>
      <dd>${status}, ${outcome}</dd>
      <dt>Asked for</dt>
      <dd>${requestedModel}</dd>
      <dt>Began</dt>
      <dd>${exactTime(startedAtMs)}</dd>
      <dt>Tokens</dt>
      <dd>
        ${toCount(inputTokens)} in · ${toCount(cacheReadTokens)} from the cache ·
        ${toCount(cacheWriteTokens)} to the cache · ${toCount(outputTokens)} out
      </dd>
      <dt>Cost</dt>
      <dd>${toCost(request)}</dd>
    </dl>`;
}

function toInput({ inputTokens, cacheReadTokens, cacheWriteTokens }: KeptRequest) {
  return inputTokens + cacheReadTokens + cacheWriteTokens;
}

/** Of a chat whose process ended too soon it is not known. */
function toCost({ costUsd }: KeptRequest) {
  return costUsd === null ? '–' : toDollars(costUsd);
}

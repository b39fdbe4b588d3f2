import type { Caller } from '../../run.ts';
import type { StoredResponse } from '../../responses/response-store.ts';
import type { SessionView } from '../../routes/sessions.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { saidList } from './said-list.ts';
import { time } from '../time.ts';
import { toSaid } from './to-said.ts';

const MOST = 30;
const PREVIEW_LENGTH = 80;

/** The sessions of agents and the stored responses of the key that signed in. */
export async function storedSection(
  { sessions, responses }: DashboardParts,
  { keyId }: Caller,
): Promise<Html> {
  const [ownSessions, ownResponses] = await Promise.all([
    sessions.list(keyId),
    responses.list(keyId, MOST),
  ]);
  return html`<h3>Sessions of agents</h3>
    ${list(ownSessions, sessionItem, 'This key has no session; /api/run begins one.')}
    <h3>Stored responses</h3>
    ${list(ownResponses, responseItem, 'This key has no stored response; /v1/responses keeps them.')}`;
}

function list<Item>(items: readonly Item[], toItem: (item: Item) => Html, empty: string) {
  if (items.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<ul class="stored">
    ${items.map((item) => toItem(item))}
  </ul>`;
}

function sessionItem({ id, title, model, workingDirectory, turns, lastUsedAt }: SessionView) {
  return html`<li>
    <details id="session-${id}">
      <summary>${title || '(no prompt)'} <small>${time(lastUsedAt)}</small></summary>
      <dl class="facts">
        <dt>Session</dt>
        <dd><code>${id}</code></dd>
        <dt>Model</dt>
        <dd>${model}</dd>
        <dt>Folder</dt>
        <dd><code>${workingDirectory}</code></dd>
        <dt>Turns</dt>
        <dd>${turns}</dd>
      </dl>
      <div data-fill="/dashboard/sessions/${id}"></div>
    </details>
    ${remove(`/api/sessions/${id}`, `session ${title}`)}
  </li>`;
}

function responseItem(stored: StoredResponse) {
  const said = toSaid(stored);
  const last = said.findLast(({ who }) => who === 'user')?.text ?? stored.id;
  const preview = last.length > PREVIEW_LENGTH ? `${last.slice(0, PREVIEW_LENGTH)}…` : last;
  return html`<li>
    <details id="response-${stored.id}">
      <summary>${preview} <small>${time(stored.createdAt)}</small></summary>
      ${saidList(said)}
    </details>
    ${remove(`/v1/responses/${stored.id}`, `response ${preview}`)}
  </li>`;
}

function remove(path: string, name: string) {
  return html`<button
    type="button"
    class="danger"
    data-delete="${path}"
    data-confirm="Delete the ${name}?"
    aria-label="Delete the ${name}"
  >
    Delete
  </button>`;
}

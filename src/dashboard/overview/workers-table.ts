import type { ServerStatus } from '../../routes/admin/server-status.ts';
import { toCount } from '../formats.ts';
import { html, type Html } from '../html.ts';

type Cluster = NonNullable<ServerStatus['cluster']>;
type Worker = Cluster['workers'][number];

/** The workers of a cluster, with what can be done to each. */
export function workersTable({ isConnected, workers }: Cluster): Html {
  if (!isConnected) return html`<p class="empty">Redis does not answer.</p>`;
  if (workers.length === 0) return html`<p class="empty">No worker is there.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Workers">
    <table id="workers" class="cards">
      <caption>
        ${workers.length === 1 ? '1 worker' : `${workers.length} workers`}
      </caption>
      <thead>
        <tr>
          <th scope="col">Worker</th>
          <th scope="col" class="number">Places</th>
          <th scope="col">Account</th>
          <th scope="col">Tags</th>
          <th scope="col">Version</th>
          <th scope="col">State</th>
          <td></td>
        </tr>
      </thead>
      <tbody>
        ${workers.map(row)}
      </tbody>
    </table>
  </div>`;
}

function row(worker: Worker) {
  const { id, host, version, cliVersion, places, running, isDraining, account, tags } = worker;
  return html`<tr>
    <th scope="row" data-name="Worker">${host} <small>${id.slice(0, 8)}</small></th>
    <td data-name="Places" class="number">${toCount(running)} of ${toCount(places)}</td>
    <td data-name="Account">${account ?? '–'}</td>
    <td data-name="Tags">${tags.join(', ') || '–'}</td>
    <td data-name="Version">${version} · CLI ${cliVersion}</td>
    <td data-name="State">${toState(worker)}</td>
    <td class="action">
      <button
        type="button"
        id="drain-${id}"
        class="quiet"
        data-patch="/api/admin/workers/${id}"
        data-body="${JSON.stringify({ isDraining: !isDraining })}"
        aria-label="${isDraining ? 'Use' : 'Drain'} ${host}"
      >
        ${isDraining ? 'Use again' : 'Drain'}
      </button>
      <button
        type="button"
        id="remove-${id}"
        class="danger"
        data-delete="/api/admin/workers/${id}"
        data-confirm="Let ${host} finish what it has, and leave?"
        aria-label="Remove ${host}"
      >
        Remove
      </button>
    </td>
  </tr>`;
}

function toState({ isDraining, loggedIn }: Worker) {
  if (isDraining) return html`<span class="badge">draining</span>`;
  if (loggedIn === false) return html`<span class="badge bad">not logged in</span>`;
  return loggedIn === null ? 'not known yet' : 'takes requests';
}

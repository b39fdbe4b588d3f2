import { toWindowTitle } from '../../common/plan-windows.ts';
import type { NamedServer, SeenRun } from '../../observation/all-runs.ts';
import { toInputTokens, toOutputTokens } from '../../routes/admin/runs.ts';
import { readServerStatus, type ServerStatus } from '../../routes/admin/server-status.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { toCount, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { type NameKey, readKeyNames } from '../../routes/admin/key-names.ts';
import { toRequestsHref } from '../requests/requests-href.ts';
import { time } from '../time.ts';
import { toApiTitle } from '../trials.ts';
import { workersTable } from './workers-table.ts';

const MOST_RECENT = 5;

/** What goes on: the CLI and its login, the queue, each running request, and those that ended last. */
export async function nowSection(parts: DashboardParts): Promise<Html> {
  const [status, seen] = await Promise.all([readServerStatus(parts), parts.watch.runs.read()]);
  const ended = seen.recent.slice(0, MOST_RECENT);
  const records = [...seen.running, ...ended].map(({ record }) => record);
  const nameKey = await readKeyNames(parts.keys, records);
  return html`${tiles(status)} ${status.cluster ? workersTable(status.cluster) : ''}
  ${running(seen.running, nameKey)} ${silent(seen.silent)} ${recent(ended, nameKey)}`;
}

function tiles({ cli, queue, processes, planLimits, uptimeSeconds, isDraining }: ServerStatus) {
  const states = Object.entries(processes).filter(([, count]) => count > 0);
  const alive = states.reduce((sum, [, count]) => sum + count, 0);
  return html`<dl class="tiles">
    ${tile('Claude CLI', toLogin(cli), toCliDetail(cli), cli.loggedIn ? 'good' : 'bad')}
    ${tile('Places', `${queue.running} of ${queue.concurrency}`, 'taken')}
    ${tile('Queue', toCount(queue.waiting), `of ${toCount(queue.maxWaiting)} may wait`, queue.waiting >= queue.maxWaiting && queue.waiting > 0 ? 'bad' : '')}
    ${tile('CLI processes', toCount(alive), states.map(([state, count]) => `${count} ${state}`).join(' · ') || 'none')}
    ${planLimits.map(planTile)}
    ${tile('Server', isDraining ? 'stopping' : 'up', `for ${toDuration(uptimeSeconds * 1000)}`, isDraining ? 'bad' : 'good')}
  </dl>`;
}

/** A long address may break before its `@`. */
function toCliDetail({ version, account }: ServerStatus['cli']) {
  const [name, ...rest] = (account ?? '').split('@');
  return html`${version}${name ? ` · ${name}` : ''}${rest.map((part) => html`<wbr />@${part}`)}`;
}

/** `/ready` warns of those that are nearly used up; here all stand that are known. */
function planTile({ window, used, isReached, resetsAt }: ServerStatus['planLimits'][number]) {
  const detail = html`used, anew ${time(Date.parse(resetsAt))}`;
  const percent = `${Math.floor(used * 100)}\u00A0%`;
  return tile(`Plan, ${toWindowTitle(window)}`, percent, detail, isReached ? 'bad' : '');
}

function tile(name: string, value: string, detail: string | Html, mood: 'good' | 'bad' | '' = '') {
  return html`<div class="tile ${mood}">
    <dt>${name}</dt>
    <dd>
      <strong>${value}</strong>
      <span>${detail}</span>
    </dd>
  </div>`;
}

function toLogin({ loggedIn }: ServerStatus['cli']) {
  if (loggedIn === null) return 'not known yet';
  return loggedIn ? 'logged in' : 'not logged in';
}

function running(runs: readonly SeenRun[], nameKey: NameKey) {
  if (runs.length === 0) return html`<p class="empty">No request is running.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Running requests">
    <table id="running" class="cards">
      <caption>
        ${runs.length === 1 ? '1 request is running' : `${runs.length} requests are running`}
      </caption>
      <thead>
        ${headings('Running for', hasFronts(runs))}
      </thead>
      <tbody>
        ${runs.map((run) => runningRow(run, nameKey))}
      </tbody>
    </table>
  </div>`;
}

function runningRow(run: SeenRun, nameKey: NameKey) {
  const { record } = run;
  const ms = Math.max(0, Date.now() - record.startedAtMs);
  const state =
    record.firstTokenMs !== undefined
      ? 'answering'
      : record.reachedMs.placed === undefined
        ? 'queued'
        : 'starting';
  return html`<tr>
    ${cells(run, nameKey, ms, `≈ ${toCount(toOutputTokens(record))}`)}
    <td data-name="State">${state}</td>
    <td class="action">
      <button
        type="button"
        id="stop-${record.id}"
        class="danger"
        data-delete="/api/admin/runs/${record.id}"
        aria-label="Stop ${record.id}"
      >
        Stop
      </button>
    </td>
  </tr>`;
}

/** What runs at these is not known. */
function silent(fronts: readonly NamedServer[]) {
  if (fronts.length === 0) return '';
  return html`<p class="empty">
    Left out is what runs at fronts that do not answer:
    ${fronts.map((front, index) => html`${index > 0 ? ', ' : ''}${server(front)}`)}.
  </p>`;
}

function recent(runs: readonly SeenRun[], nameKey: NameKey) {
  if (runs.length === 0) return '';
  return html`<details id="recent" open>
    <summary>Ended last</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Requests that ended last">
      <table class="cards">
        <thead>
          ${headings('Took', hasFronts(runs))}
        </thead>
        <tbody>
          ${runs.map((run) => recentRow(run, nameKey))}
        </tbody>
      </table>
    </div>
    <p><a href="/requests">All requests</a></p>
  </details>`;
}

function recentRow(run: SeenRun, nameKey: NameKey) {
  const { record } = run;
  const { outcome = 'internal', failure, totalMs = 0 } = record;
  return html`<tr>
    ${cells(run, nameKey, totalMs, toCount(toOutputTokens(record)))}
    <td data-name="State">
      <a class="badge ${failure ? 'bad' : ''}" href="${toRequestsHref({ text: record.id })}"
        >${outcome}</a
      >
    </td>
    <td class="action"></td>
  </tr>`;
}

function headings(duration: string, withFronts: boolean) {
  return html`<tr>
    <th scope="col">API</th>
    <th scope="col">Model</th>
    <th scope="col">Key</th>
    <th scope="col" class="number">${duration}</th>
    <th scope="col" class="number">Tokens in</th>
    <th scope="col" class="number">out</th>
    ${withFronts ? html`<th scope="col">Front, worker</th>` : ''}
    <th scope="col">State</th>
    <td></td>
  </tr>`;
}

function cells({ record, front, worker }: SeenRun, nameKey: NameKey, ms: number, out: string) {
  const { dialect, model, requestedModel, keyId, usage } = record;
  return html`<th scope="row" data-name="API">${toApiTitle(dialect)}</th>
    <td data-name="Model">${model ?? requestedModel}</td>
    <td data-name="Key"><a href="${toRequestsHref({ key: keyId })}">${nameKey(keyId)}</a></td>
    <td data-name="Time" class="number">${toDuration(ms)}</td>
    <td data-name="Tokens in" class="number">${toCount(toInputTokens(usage))}</td>
    <td data-name="Tokens out" class="number">${out}</td>
    ${front ? html`<td data-name="Front, worker">${server(front)}${worker ? html`, ${server(worker)}` : ''}</td>` : ''}`;
}

function hasFronts(runs: readonly SeenRun[]) {
  return runs.some(({ front }) => front !== undefined);
}

/** As the table of the workers names them. */
function server({ host, id }: NamedServer) {
  return html`${host} <small>${id.slice(0, 8)}</small>`;
}

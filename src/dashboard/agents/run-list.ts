import type { StoredRun } from '../../agent-runs/run-store.ts';
import { toCostUsd } from '../../agent-runs/to-cost.ts';
import type { InputRequest } from '../../run-input.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { toDollars, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { withQuery } from '../requests/requests-href.ts';
import { exactTime } from '../time.ts';
import { stateBadge } from './state-badge.ts';

export type RunListOptions = {
  /** Whose runs. */
  keyId: string;
  /** Only those that began before the run with this id; what waits is shown all the same. */
  before?: string | undefined;
};

const SHOWN = 20;
const MOST_WAITING = 100;
const SHOWN_PROMPT_CHARACTERS = 200;

const HEADINGS = ['State', 'Prompt', 'Model', 'Began', 'Took', 'Cost'];

/** The runs of a key: those that wait for an answer, the oldest first, then the others, the newest first. */
export async function runList(
  { runs }: DashboardParts,
  { keyId, before }: RunListOptions,
): Promise<Html> {
  const [newestWaiting, page, inputs] = await Promise.all([
    runs.list(keyId, { state: 'waiting', limit: MOST_WAITING }),
    runs.list(keyId, { before, limit: SHOWN + 1 }),
    runs.listInputs(keyId),
  ]);
  const waiting = newestWaiting.toReversed();
  const others = page.slice(0, SHOWN).filter(({ state }) => state !== 'waiting');
  const last = page.length > SHOWN ? page[SHOWN - 1] : undefined;
  const asked = Map.groupBy(inputs, ({ runId }) => runId);
  const toAsked = ({ id }: StoredRun) => (asked.get(id) ?? []).map(({ request }) => request);
  const count = waiting.filter((run) => toAsked(run).some(isForPerson)).length;
  return html`<p id="waiting" data-count="${count}" ${count === 0 ? 'hidden' : ''}>
      ${count === 1 ? '1 run waits for you.' : `${count} runs wait for you.`}
    </p>
    ${table([...waiting, ...others], toAsked)}
    <p class="row ways">
      ${before === undefined ? '' : html`<a href="/agents">Newest</a>`}
      ${last ? html`<a rel="next" href="${withQuery('/agents', { before: last.id })}">Older</a>` : ''}
    </p>`;
}

/** Where the script asks for the list again. */
export function toListSource(before: string = ''): string {
  return withQuery('/dashboard/runs', { before });
}

function table(shown: readonly StoredRun[], toAsked: (run: StoredRun) => readonly InputRequest[]) {
  if (shown.length === 0) return html`<p class="empty">No run of this key yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Runs of agents">
    <table class="cards agents">
      <thead>
        <tr>
          ${HEADINGS.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${shown.map((run) => row(run, toAsked(run)))}
      </tbody>
    </table>
  </div>`;
}

function row(run: StoredRun, asked: readonly InputRequest[]) {
  const { id, state, model, createdAt, endedAt, body } = run;
  const prompt = String(body['prompt']).slice(0, SHOWN_PROMPT_CHARACTERS);
  const costUsd = toCostUsd(run);
  return html`<tr>
    <td data-name="State">${stateBadge(state)}</td>
    <th scope="row">
      <a href="/agents?run=${id}" title="${prompt}">${prompt}</a>
      ${asked.map((request) => html`<small>${toWish(request)}</small>`)}
    </th>
    <td data-name="Model">${model}</td>
    <td data-name="Began">${exactTime(createdAt)}</td>
    <td data-name="Took">${endedAt === undefined ? '–' : toDuration(endedAt - createdAt)}</td>
    <td data-name="Cost">${costUsd === null ? '–' : toDollars(costUsd)}</td>
  </tr>`;
}

/** The caller's own tools are carried out by its program. */
function isForPerson({ type }: InputRequest) {
  return type !== 'tool-request';
}

function toWish(request: InputRequest) {
  switch (request.type) {
    case 'approval-request':
      return `needs leave for ${request.toolName}`;
    case 'question':
      return 'has a question';
    case 'plan-review':
      return 'has a plan';
    case 'tool-request':
      return `waits for its program, which carries out ${request.toolName}`;
  }
}

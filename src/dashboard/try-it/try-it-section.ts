import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { SNIPPET_TITLES } from './snippets.ts';
import { TRIALS } from '../trials.ts';

/** Where the script tells what failed. */
const FAILURE = html`<div id="trial-failure" class="complaint" role="alert" hidden>
  <p><strong id="failure-title"></strong> <span id="failure-reason"></span></p>
  <p id="failure-advice"></p>
  <p class="hint">Request <code id="failure-request"></code></p>
</div>`;

/** A form for one request, which a link may have filled, its stream, and the same request as code. */
export async function tryItSection(
  { health }: DashboardParts,
  query: URLSearchParams,
): Promise<Html> {
  const read = (name: string, usual: string) => query.get(name) ?? usual;
  const models = (await health.readKnownStatus())?.models ?? [];
  return html`<form id="trial" class="trial">
      <div class="row">
        <label>
          API
          <select name="dialect">
            ${TRIALS.map(
              ({ name, title }) =>
                html`<option value="${name}" ${name === read('dialect', '') ? 'selected' : ''}>
                  ${title}
                </option>`,
            )}
          </select>
        </label>
        <label>
          Model
          <input
            name="model"
            list="models"
            value="${read('model', 'sonnet')}"
            required
            autocomplete="off"
          />
        </label>
        <datalist id="models">
          ${models.flatMap(({ id, aliases }) =>
            [...aliases, id].map((name) => html`<option value="${name}"></option>`),
          )}
        </datalist>
      </div>
      <label>
        Prompt
        <textarea name="prompt" rows="3" required>
${read('prompt', 'Say hello in five languages.')}</textarea>
      </label>
      <div class="row">
        <button type="submit">Send</button>
        <button type="button" id="trial-stop" class="danger" disabled>Stop</button>
        <label class="choice"
          ><input type="checkbox" name="isWhole" ${query.has('isWhole') ? 'checked' : ''} /> in one
          piece</label
        >
        <a id="trial-link" href="/try">Link to this form</a>
        <span id="trial-state" role="status"></span>
      </div>
      ${FAILURE}
    </form>
    <h3 id="answer-title">Answer</h3>
    <pre id="answer" tabindex="0" role="region" aria-labelledby="answer-title"></pre>
    <h3>The same request as code</h3>
    <div class="tabs" role="tablist" aria-label="The same request as code">
      ${Object.entries(SNIPPET_TITLES).map(([name, title], index) => tab(name, title, index === 0))}
    </div>
    ${Object.keys(SNIPPET_TITLES).map((name, index) => panel(name, index === 0))}`;
}

function tab(name: string, title: string, isFirst: boolean) {
  return html`<button
    type="button"
    role="tab"
    id="tab-${name}"
    aria-controls="code-${name}"
    aria-selected="${String(isFirst)}"
    tabindex="${isFirst ? 0 : -1}"
  >
    ${title}
  </button>`;
}

function panel(name: string, isFirst: boolean) {
  return html`<div
    role="tabpanel"
    id="code-${name}"
    class="code"
    aria-labelledby="tab-${name}"
    ${isFirst ? '' : 'hidden'}
  >
    <button type="button" class="quiet" data-copy="snippet-${name}">Copy</button>
    <pre tabindex="0" id="snippet-${name}"></pre>
  </div>`;
}

import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { listModelNames } from '../list-model-names.ts';
import { listFolders } from './list-folders.ts';
import { MODE_TITLES } from './mode-titles.ts';

/** Begins a run; `?session=` and `?folder=` of the address stand in it. Folded where a run is shown. */
export async function startForm(parts: DashboardParts, c: Context<AppEnv>): Promise<Html> {
  const { run, session = '', folder = '' } = c.req.query();
  const folders = await listFolders(parts, c.var.caller.keyId);
  return html`<section id="start" aria-labelledby="start-title">
    <details ${run === undefined ? 'open' : ''}>
      <summary><h2 id="start-title">Start a run</h2></summary>
      <form class="trial">
        <label>
          What shall the agent do?
          <textarea name="prompt" rows="3" required></textarea>
        </label>
        <div class="row">
          <label>
            Folder
            <input
              name="workingDirectory"
              list="folders"
              value="${folder}"
              placeholder="the server's own"
              autocomplete="off"
            />
          </label>
          ${modeField()}
          <label>
            Model
            <input name="model" list="models" placeholder="the CLI's own" autocomplete="off" />
          </label>
        </div>
        ${suggestions('folders', folders)} ${suggestions('models', await listModelNames(parts))}
        ${moreFields(session)}
        <div class="row">
          <button type="submit" disabled>Start</button>
          <span id="start-state" role="status"></span>
        </div>
      </form>
    </details>
  </section>`;
}

function modeField() {
  return html`<label>
    When a tool needs leave
    <select name="permissionMode">
      ${Object.entries(MODE_TITLES).map(
        ([mode, title]) => html`<option value="${mode}">${title} (${mode})</option>`,
      )}
    </select>
  </label>`;
}

function moreFields(session: string) {
  return html`<details id="start-more" ${session === '' ? '' : 'open'}>
    <summary>More</summary>
    <div class="trial">
      <label>
        Session that it goes on in
        <input
          name="sessionId"
          value="${session}"
          placeholder="a new one"
          autocomplete="off"
          spellcheck="false"
        />
      </label>
      <div class="row">
        ${toolsField('allowedTools', 'Tools allowed unasked, one a line')}
        ${toolsField('disallowedTools', 'Tools denied, one a line')}
      </div>
      <label class="choice">
        <input type="checkbox" name="background" checked />
        in the background: it goes on when this page is left
      </label>
    </div>
  </details>`;
}

function toolsField(name: string, label: string) {
  return html`<label>
    ${label}
    <textarea
      name="${name}"
      rows="2"
      placeholder="none, or Bash(git log *)"
      spellcheck="false"
    ></textarea>
  </label>`;
}

function suggestions(id: string, values: readonly string[]) {
  return html`<datalist id="${id}">
    ${values.map((value) => html`<option value="${value}"></option>`)}
  </datalist>`;
}

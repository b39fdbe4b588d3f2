import { html, type Html } from '../html.ts';
import { section } from '../section.ts';
import { MODE_TITLES } from './mode-titles.ts';

export type RunViewOptions = {
  id: string;
  /** What `/dashboard/runs/{id}` says of it now. */
  head: Html;
};

/** One run: its head, what happens in it, what it waits for, and a word to it. Without a run it is hidden. */
export function runView(run?: RunViewOptions): Html {
  return html`<div id="run-view" ${run ? html`data-run="${run.id}"` : 'hidden'}>
    ${section('run', 'Run', content(run))}
  </div>`;
}

function content(run: RunViewOptions | undefined) {
  const source = run ? `/dashboard/runs/${run.id}` : '';
  return html`<div id="run-head" data-source="${source}" data-every="0" tabindex="-1">
      ${run?.head ?? ''}
    </div>
    <p class="hint"><span id="run-says" role="status"></span> <span id="run-spent"></span></p>
    <ol id="run-log" class="log" tabindex="0" aria-label="What happened"></ol>
    <div id="run-inputs"></div>
    <form id="run-message" class="row" hidden>
      <label>
        A word on the way
        <textarea name="text" rows="1" required></textarea>
      </label>
      <button type="submit" class="quiet">Tell it</button>
      <span id="run-message-state" class="complaint" role="status"></span>
    </form>
    <div id="run-tasks" hidden>
      <h3>In the background</h3>
      <ul id="run-task-list" class="log"></ul>
    </div>
    ${steering()}`;
}

/** The modes to which a run that is at work can be changed. */
const CHANGEABLE = ['ask', 'acceptEdits', 'dontAsk'] as const;

/** What can be changed and asked while it is at work. */
function steering() {
  return html`<details id="run-steering" hidden>
    <summary>Change or ask</summary>
    <form id="run-change" class="row">
      <label>
        When a tool needs leave
        <select name="permissionMode">
          <option value="">as it is</option>
          ${CHANGEABLE.map((mode) => html`<option value="${mode}">${MODE_TITLES[mode]} (${mode})</option>`)}
        </select>
      </label>
      <label>Model <input name="model" placeholder="as it is" autocomplete="off" /></label>
      <button type="submit" class="quiet">Change</button>
      <span id="run-change-state" role="status"></span>
    </form>
    <form id="run-ask" class="row">
      <label>
        A question beside the conversation
        <textarea name="question" rows="1" required></textarea>
      </label>
      <button type="submit" class="quiet">Ask</button>
    </form>
    <p id="run-asked" class="hint"></p>
    <p id="run-answer" class="words" role="status"></p>
  </details>`;
}

import { html, type Html } from '../html.ts';
import { section } from '../section.ts';

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
    </form>`;
}

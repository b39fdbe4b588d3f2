import { html, type Html } from '../html.ts';

/** What the script makes a card of for each thing that a run waits for. */
export function inputCards(): Html {
  return html`${card(
    'approval-request',
    html`<h3>Leave for <span data-slot="tool"></span></h3>
      <p data-slot="reason"></p>
      <div class="inputs" data-slot="input"></div>
      <label class="choice" data-slot="remember">
        <input type="checkbox" name="remember" />
        <span>unasked to the end of the run: <code data-slot="suggestions"></code></span>
      </label>`,
    { allow: 'Allow', deny: 'Deny', message: 'If denied: why, or what to do instead' },
  )}
  ${card('question', html`<div data-slot="questions"></div>`, {
    allow: 'Answer',
    deny: 'Do not answer',
    message: 'If not answered: why',
  })}
  ${card(
    'plan-review',
    html`<h3>A plan</h3>
      <pre class="words" tabindex="0" data-slot="plan"></pre>`,
    { allow: 'Carry it out', deny: 'Send it back', message: 'If sent back: what to change' },
  )}
  ${card(
    'tool-request',
    html`<h3>The result of <span data-slot="tool"></span></h3>
      <p>The caller’s own program carries it out, or you do.</p>
      <pre class="words" tabindex="0" data-slot="input"></pre>
      <div class="inputs">
        <label>Result <textarea name="content" rows="2" spellcheck="false"></textarea></label>
      </div>
      <label class="choice"
        ><input type="checkbox" name="isError" /> <span>it failed</span></label
      >`,
    { allow: 'Give the result', deny: 'Refuse it', message: 'If refused: why' },
  )}`;
}

type Words = { allow: string; deny: string; message: string };

function card(type: string, content: Html, { allow, deny, message }: Words) {
  return html`<template id="card-${type}">
    <form class="input-card">
      ${content}
      <div class="row">
        <button type="submit" name="decision" value="allow">${allow}</button>
        <button type="submit" name="decision" value="deny" class="quiet danger" formnovalidate>
          ${deny}
        </button>
        <label>${message} <input name="message" autocomplete="off" /></label>
      </div>
      <p class="complaint" role="alert" data-slot="complaint"></p>
    </form>
  </template>`;
}

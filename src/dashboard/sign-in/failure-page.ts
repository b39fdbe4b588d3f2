import { html, type Html } from '../html.ts';
import { layout } from '../layout.ts';

/** What a browser is shown when its page cannot be made. */
export function failurePage(sentence: string): Html {
  return layout({
    title: 'Not now · claude-code-proxy',
    body: html`<main class="sign-in">
      <h1><img src="/assets/icon.svg" alt="" width="28" height="28" /> claude-code-proxy</h1>
      <p class="complaint" role="alert">${sentence}</p>
      <p><a href="/">Open the page again</a></p>
    </main>`,
  });
}

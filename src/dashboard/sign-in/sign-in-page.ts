import { html, type Html } from '../html.ts';
import { layout } from '../layout.ts';

type SignInPageOptions = {
  /** Where it goes on. Default: the first page. */
  to?: string;
  complaint?: string;
};

/** What everybody sees who is not signed in. It tells nothing of the server. */
export function signInPage({ to = '/', complaint }: SignInPageOptions = {}): Html {
  return layout({
    title: 'Sign in · claude-code-proxy',
    body: html`<main class="sign-in">
      <h1><img src="/assets/icon.svg" alt="" width="28" height="28" /> claude-code-proxy</h1>
      <form method="post" action="/sign-in">
        ${complaint === undefined ? '' : html`<p class="complaint" role="alert">${complaint}</p>`}
        <input type="hidden" name="to" value="${to}" />
        <label for="key">Key of this server</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autocomplete="current-password"
          autofocus
          aria-describedby="key-help"
        />
        <p id="key-help" class="hint">
          The server shows it at its first start and says where it is kept. The page itself never
          stores it.
        </p>
        <button type="submit">Sign in</button>
      </form>
    </main>`,
  });
}

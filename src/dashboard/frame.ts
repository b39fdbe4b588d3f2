import { alerts } from './alerts.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { html, type Html } from './html.ts';
import { layout } from './layout.ts';
import type { Page } from './page.ts';
import { liveContent } from './section.ts';
import { shortcutsList, toLetter } from './shortcuts.ts';

export type FrameOptions = {
  /** The address of the page that is shown. */
  path: string;
  page: Page;
  /** Where the navigation leads, by address. */
  pages: Readonly<Record<string, Page>>;
  body: Html;
};

const NAME = 'claude-code-proxy';

const DEMO_BANNER = html`<p class="banner">
  This is a demo: a script on this machine answers every request, not Claude. Start the server
  without
  <code>--demo</code> for real answers.
</p>`;

/** What stands around every page for who is signed in. */
export async function frame(
  parts: DashboardParts,
  { path, page, pages, body }: FrameOptions,
): Promise<Html> {
  const { health } = parts;
  const needed = liveContent('/dashboard/alerts', 10_000, await alerts(parts));
  return layout({
    title: path === '/' ? NAME : `${page.title} · ${NAME}`,
    scripts: ['dashboard.js', 'shortcuts.js', ...(page.scripts ?? [])],
    body: html`<a class="skip" href="#main">To the content</a>
      <header class="top">
        <h1><img src="/assets/icon.svg" alt="" width="24" height="24" /> ${NAME}</h1>
        <nav aria-label="Pages">
          ${Object.entries(pages).map(([place, one]) => link(place, one, place === path))}
        </nav>
        <form method="post" action="/sign-out">
          <button type="submit" class="quiet">Sign out</button>
        </form>
      </header>
      <main id="main">
        ${health.isDemo ? DEMO_BANNER : ''} ${needed}
        <p id="notice" role="status"></p>
        ${body}
      </main>
      <footer>
        ${NAME} ${health.version} · <a href="/health">health</a> · <a href="/ready">ready</a> ·
        <a href="/metrics">metrics</a> ·
        <button type="button" id="show-shortcuts" class="plain">shortcuts</button>
      </footer>
      ${shortcutsList(pages)}`,
  });
}

function link(place: string, page: Page, isCurrent: boolean) {
  return html`<a
    href="${place}"
    data-letter="${toLetter(page)}"
    ${isCurrent ? html`aria-current="page"` : ''}
    >${page.title}</a
  >`;
}

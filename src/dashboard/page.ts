import type { Caller } from '../run.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { html, type Html } from './html.ts';
import { keysSection, newKeySection } from './keys-section.ts';
import { layout } from './layout.ts';
import { nowSection } from './now-section.ts';
import { overTimeSection } from './over-time-section.ts';
import { storedSection } from './stored-section.ts';
import { tryItSection } from './try-it-section.ts';

const DEMO_BANNER = html`<p class="banner">
  This is a demo: a script on this machine answers every request, not Claude. Start the server
  without
  <code>--demo</code> for real answers.
</p>`;

/** The page for who is signed in, with everything in it that was known when it was asked for. */
export async function dashboardPage(parts: DashboardParts, caller: Caller): Promise<Html> {
  return layout(
    'claude-code-proxy',
    html`<a class="skip" href="#main">To the content</a>
      <header class="top">
        <h1><img src="/assets/icon.svg" alt="" width="24" height="24" /> claude-code-proxy</h1>
        <nav aria-label="Sections">
          <a href="#now">Now</a>
          <a href="#over-time">Over time</a>
          <a href="#try-it">Try it</a>
          <a href="#stored">Stored</a>
          <a href="#keys">Keys</a>
        </nav>
        <form method="post" action="/sign-out">
          <button type="submit" class="quiet">Sign out</button>
        </form>
      </header>
      <main id="main">
        ${parts.health.isDemo ? DEMO_BANNER : ''}
        <p id="notice" role="status"></p>
        ${part('now', 'Now', '/dashboard/now', 1000, await nowSection(parts))}
        ${part('over-time', 'Over time', '/dashboard/over-time?range=hour', 30_000, overTimeSection(parts, 'hour'))}
        <section id="try-it" aria-labelledby="try-it-title">
          <h2 id="try-it-title">Try it</h2>
          ${await tryItSection(parts)}
        </section>
        ${part('stored', 'Sessions and stored responses', '/dashboard/stored', 0, await storedSection(parts, caller))}
        ${part('keys', 'Keys', '/dashboard/keys', 0, await keysSection(parts), newKeySection())}
      </main>
      <footer>
        claude-code-proxy ${parts.health.version} · <a href="/health">health</a> ·
        <a href="/ready">ready</a> · <a href="/metrics">metrics</a>
      </footer>`,
  );
}

/** A section that the script asks for again every so many milliseconds; 0: only after a change. */
function part(
  id: string,
  title: string,
  source: string,
  everyMs: number,
  content: Html,
  /** What stays as it is. */
  rest: Html | '' = '',
) {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <div data-source="${source}" data-every="${everyMs}" tabindex="-1">${content}</div>
    ${rest}
  </section>`;
}

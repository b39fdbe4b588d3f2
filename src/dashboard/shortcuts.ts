import { html, type Html } from './html.ts';
import type { Page } from './page.ts';

/** The key that leads to a page, behind `g`: the first letter of its title. */
export function toLetter({ title }: Pick<Page, 'title'>): string {
  return title.charAt(0).toLowerCase();
}

/** The list of all shortcuts, which the script shows. */
export function shortcutsList(pages: Readonly<Record<string, Page>>): Html {
  return html`<dialog id="shortcuts" aria-labelledby="shortcuts-title">
    <h2 id="shortcuts-title">Keyboard shortcuts</h2>
    <dl class="facts">
      ${Object.values(pages).map((page) => shortcut(`g ${toLetter(page)}`, page.title))}
      ${shortcut('/', 'Into the search, or the first field')} ${shortcut('?', 'This list')}
      ${shortcut('Ctrl Enter', 'Send what is tried')} ${shortcut('Esc', 'Stop it')}
    </dl>
    <form method="dialog"><button class="quiet" autofocus>Close</button></form>
  </dialog>`;
}

function shortcut(keys: string, what: string) {
  return html`<dt>${keys.split(' ').map((key) => html`<kbd>${key}</kbd> `)}</dt>
    <dd>${what}</dd>`;
}

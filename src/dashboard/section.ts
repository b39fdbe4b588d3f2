import { html, type Html } from './html.ts';

/** A part of a page under a heading. */
export function section(id: string, title: string, content: Html): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    ${content}
  </section>`;
}

/** What the script asks for again every so many milliseconds; 0: only after a change. */
export function liveContent(source: string, everyMs: number, content: Html): Html {
  return html`<div data-source="${source}" data-every="${everyMs}" tabindex="-1">${content}</div>`;
}

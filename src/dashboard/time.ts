import { html, type Html } from './html.ts';

/** A time in milliseconds since 1970, to the minute; the script writes it in the reader's own zone. */
export function time(atMs: number): Html {
  const text = new Date(atMs).toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** The same to the second. */
export function exactTime(atMs: number): Html {
  const text = new Date(atMs).toISOString();
  return html`<time datetime="${text}" data-seconds
    >${text.slice(0, 19).replace('T', ' ')} UTC</time
  >`;
}

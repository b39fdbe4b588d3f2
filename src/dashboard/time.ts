import { html, type Html } from './html.ts';

/** A time in milliseconds since 1970, to the minute; the script writes it in the reader's own zone. */
export function time(atMs: number): Html {
  return toTime(atMs, 'YYYY-MM-DD hh:mm'.length);
}

/** The same to the second. */
export function exactTime(atMs: number): Html {
  return toTime(atMs, 'YYYY-MM-DD hh:mm:ss'.length);
}

function toTime(atMs: number, length: number) {
  const text = new Date(atMs).toISOString();
  return html`<time datetime="${text}">${text.slice(0, length).replace('T', ' ')} UTC</time>`;
}

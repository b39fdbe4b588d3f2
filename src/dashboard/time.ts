import { html, type Html } from './html.ts';

/** How a time is told, and how much of its ISO form stands there until the script tells it in the reader's zone. */
const STYLES = {
  minute: [0, 'YYYY-MM-DD hh:mm'.length],
  second: [0, 'YYYY-MM-DD hh:mm:ss'.length],
  clock: ['YYYY-MM-DD '.length, 'YYYY-MM-DD hh:mm'.length],
  day: [0, 'YYYY-MM-DD'.length],
} as const;

/** A time in milliseconds since 1970, to the minute. */
export function time(atMs: number): Html {
  return toTime(atMs, 'minute', ' UTC');
}

/** The same to the second. */
export function exactTime(atMs: number): Html {
  return toTime(atMs, 'second', ' UTC');
}

/** The same as short as it can be. */
export function axisTime(atMs: number, style: 'clock' | 'day'): Html {
  return toTime(atMs, style, '');
}

function toTime(atMs: number, style: keyof typeof STYLES, zone: string) {
  const text = new Date(atMs).toISOString();
  const shown = text.slice(...STYLES[style]).replace('T', ' ');
  return html`<time datetime="${text}" data-style="${style}">${shown}${zone}</time>`;
}

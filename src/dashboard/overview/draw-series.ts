import { html, type Html } from '../html.ts';
import type { Series } from './chart.ts';

export type DrawOptions = {
  /** What is told to who cannot see it. */
  title: string;
  kind: 'bars' | 'lines';
  /** The value at the upper edge. */
  top: number;
};

const [WIDTH, HEIGHT] = [300, 80];

/** The series of a chart, without words. */
export function drawSeries(series: readonly Series[], { title, kind, top }: DrawOptions): Html {
  const draw = kind === 'bars' ? bars : lines;
  const scale = { top, count: series.length };
  return html`<svg
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${title}"
  >
    ${[0, HEIGHT / 2, HEIGHT].map((y) => html`<line class="base" x1="0" y1="${y}" x2="${WIDTH}" y2="${y}" />`)}
    ${series.map((one, index) => draw(one, { ...scale, index }))}
  </svg>`;
}

type Scale = { top: number; index: number; count: number };

/** Bars of several series stand side by side. */
function bars({ values, mood = 'first' }: Series, { top, index, count }: Scale) {
  const slot = WIDTH / values.length;
  const width = (slot * 0.8) / count;
  return values.map((value = 0, at) => {
    if (value === 0) return '';
    const height = Math.max((value / top) * HEIGHT, 1);
    const x = at * slot + slot * 0.1 + index * width;
    return html`<rect
      class="${mood}"
      x="${x.toFixed(2)}"
      y="${(HEIGHT - height).toFixed(2)}"
      width="${width.toFixed(2)}"
      height="${height.toFixed(2)}"
    />`;
  });
}

/** A line breaks where there is nothing; a point that stands alone is a short dash. */
function lines({ values, mood = 'first' }: Series, { top }: Scale) {
  const slot = WIDTH / values.length;
  const commands = values.map((value, at) => {
    if (value === undefined) return '';
    const y = (HEIGHT - (value / top) * HEIGHT).toFixed(2);
    const x = (at * slot).toFixed(2);
    return `${values[at - 1] === undefined ? 'M' : 'L'}${x} ${y}H${(at * slot + slot * 0.9).toFixed(2)}`;
  });
  return commands.every((command) => command === '')
    ? ''
    : html`<path class="${mood}" d="${commands.join('')}" />`;
}

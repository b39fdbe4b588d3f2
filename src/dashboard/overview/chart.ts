import { html, type Html } from '../html.ts';

export type Series = {
  name: string;
  /** The oldest first; `undefined` where there is nothing to show. */
  values: readonly (number | undefined)[];
  /** What stands in the legend, for the whole time shown. */
  whole: number | undefined;
  /** How it is coloured. Default: the first colour. */
  mood?: 'first' | 'second' | 'bad';
};

export type ChartOptions = {
  title: string;
  kind: 'bars' | 'lines';
  series: readonly Series[];
  format: (value: number) => string;
  /** What the left edge is. */
  from: string;
};

const [WIDTH, HEIGHT] = [300, 80];

/** A chart as plain SVG. What it says stands beside it as text. */
export function chart({ title, kind, series, format, from }: ChartOptions): Html {
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const draw = kind === 'bars' ? bars : lines;
  return html`<figure class="chart">
    <figcaption>
      <strong>${title}</strong>
      <span class="legend">${series.map((one) => legend(one, format))}</span>
    </figcaption>
    <svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${title}: highest ${format(highest)}"
    >
      <line class="base" x1="0" y1="${HEIGHT}" x2="${WIDTH}" y2="${HEIGHT}" />
      ${highest === 0 ? '' : series.map((one, index) => draw(one, { highest, format, index, count: series.length }))}
    </svg>
    <div class="axis">
      <span>${from}</span><span>highest ${format(highest)}</span><span>now</span>
    </div>
  </figure>`;
}

function legend({ name, whole, mood = 'first' }: Series, format: ChartOptions['format']) {
  return html`<span class="key ${mood}"
    >${name} <b>${whole === undefined ? '–' : format(whole)}</b></span
  >`;
}

type Scale = { highest: number; format: ChartOptions['format']; index: number; count: number };

/** Bars of several series stand side by side. */
function bars({ name, values, mood = 'first' }: Series, { highest, format, index, count }: Scale) {
  const slot = WIDTH / values.length;
  const width = (slot * 0.8) / count;
  return values.map((value = 0, at) => {
    if (value === 0) return '';
    const height = Math.max((value / highest) * (HEIGHT - 4), 1);
    const x = at * slot + slot * 0.1 + index * width;
    return html`<rect
      class="${mood}"
      x="${x.toFixed(2)}"
      y="${(HEIGHT - height).toFixed(2)}"
      width="${width.toFixed(2)}"
      height="${height.toFixed(2)}"
    >
      <title>${name}: ${format(value)}</title>
    </rect>`;
  });
}

/** A line breaks where there is nothing; a point that stands alone is a short dash. */
function lines({ values, mood = 'first' }: Series, { highest }: Scale) {
  const slot = WIDTH / values.length;
  const commands = values.map((value, at) => {
    if (value === undefined) return '';
    const y = (HEIGHT - 2 - (value / highest) * (HEIGHT - 6)).toFixed(2);
    const x = (at * slot).toFixed(2);
    return `${values[at - 1] === undefined ? 'M' : 'L'}${x} ${y}H${(at * slot + slot * 0.9).toFixed(2)}`;
  });
  return html`<path class="${mood}" d="${commands.join('')}" />`;
}

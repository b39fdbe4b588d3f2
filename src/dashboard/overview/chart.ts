import { html, type Html } from '../html.ts';
import { axisTime } from '../time.ts';
import { drawSeries } from './draw-series.ts';

export type Series = {
  name: string;
  /** The oldest first; `undefined` where there is nothing to show. */
  values: readonly (number | undefined)[];
  /** What stands in the legend, for the whole time shown. */
  whole: number | undefined;
  /** How it is coloured. Default: the first colour. */
  mood?: 'first' | 'second' | 'bad';
};

/** A piece of the time shown. */
export type Slot = {
  /** Its beginning, in milliseconds since 1970. */
  atMs: number;
  /** Where a click on it leads. Default: nowhere. */
  href?: string | undefined;
};

export type ChartOptions = {
  title: string;
  kind: 'bars' | 'lines';
  series: readonly Series[];
  /** One for each value of a series. */
  slots: readonly Slot[];
  format: (value: number) => string;
  /** How the times below it are told. */
  scale: 'clock' | 'day';
};

/** A chart as plain SVG with axes; each slot tells its values when it is pointed at. */
export function chart({ title, kind, series, slots, format, scale }: ChartOptions): Html {
  const highest = Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const top = toTop(highest);
  const middle = slots[Math.floor(slots.length / 2)]?.atMs ?? 0;
  return html`<figure class="chart">
    <figcaption>
      <strong>${title}</strong>
      <span class="legend">${series.map((one) => legend(one, format))}</span>
    </figcaption>
    <div class="plot">
      <div class="scale" aria-hidden="true">
        ${highest === 0 ? '' : toTicks(top, format).map((tick) => html`<span>${tick}</span>`)}
      </div>
      <div class="area">
        ${drawSeries(series, { title: `${title}: highest ${format(highest)}`, kind, top })}
        <div class="slots">
          ${slots.map((slot, index) => drawSlot(slot, { index, title, series, format, count: slots.length }))}
        </div>
      </div>
    </div>
    <div class="axis">
      ${axisTime(slots[0]?.atMs ?? 0, scale)} ${axisTime(middle, scale)}<span>now</span>
    </div>
  </figure>`;
}

function legend({ name, whole, mood = 'first' }: Series, format: ChartOptions['format']) {
  return html`<span class="key ${mood}"
    >${name} <b>${whole === undefined ? '–' : format(whole)}</b></span
  >`;
}

/** The steps between the powers of ten at which a scale may end: their halves are short, too. */
const STEPS = [1, 2, 4, 10];

/** A number with one digit, no lower than the highest value. */
function toTop(highest: number) {
  if (highest === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return (STEPS.find((step) => step * power >= highest) ?? 10) * power;
}

/** From the top to nothing; the half is left out where it reads as its neighbour does. */
function toTicks(top: number, format: ChartOptions['format']) {
  return [...new Set([format(top), format(top / 2), format(0)])];
}

type SlotOptions = Pick<ChartOptions, 'title' | 'series' | 'format'> & {
  index: number;
  count: number;
};

/** Who points at a slot sees its values; one with nothing in it is only a place. */
function drawSlot({ atMs, href }: Slot, { index, count, title, series, format }: SlotOptions) {
  const told = series.flatMap(({ name, values }) => {
    const value = values[index];
    return value === undefined || value === 0 ? [] : [`${name} ${format(value)}`];
  });
  if (told.length === 0) return html`<span></span>`;
  const tip = html`<span class="tip ${index > count / 2 ? 'left' : ''}"
    >${axisTime(atMs, 'clock')} ${told.map((words) => html`<b>${words}</b>`)}</span
  >`;
  if (href === undefined) return html`<span aria-hidden="true">${tip}</span>`;
  return html`<a href="${href}" aria-label="${title}, ${told.join(', ')}">${tip}</a>`;
}

import type { KeptRequest } from '../../observation/requests/kept-request.ts';
import { toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';

type Times = Pick<KeptRequest, 'queuedMs' | 'boundMs' | 'firstTokenMs' | 'totalMs'>;

type Stretch = { name: string; mood: string; fromMs: number; toMs: number };

/** The whole width of a bar, in its own units. */
const WIDTH = 300;

/** What the time of a request went into, as a bar. The same stands beside it as text. */
export function timingBar(times: Times): Html {
  const stretches = toStretches(times);
  const toX = (ms: number) => (ms / Math.max(times.totalMs, 1)) * WIDTH;
  return html`<figure class="chart timing">
    <svg viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
      ${stretches.map(
        ({ mood, fromMs, toMs }) =>
          html`<rect
            class="${mood}"
            x="${toX(fromMs).toFixed(2)}"
            y="0"
            width="${toX(toMs - fromMs).toFixed(2)}"
            height="10"
          />`,
      )}
    </svg>
    <figcaption class="legend">
      ${stretches.map(
        ({ name, mood, fromMs, toMs }) =>
          html`<span class="key ${mood}">${name} <b>${toDuration(toMs - fromMs)}</b></span>`,
      )}
      <span>whole <b>${toDuration(times.totalMs)}</b></span>
    </figcaption>
  </figure>`;
}

/** The stretches that are known, up to the one in which the request ended. */
function toStretches({ queuedMs, boundMs, firstTokenMs, totalMs }: Times): readonly Stretch[] {
  const steps = [
    { name: 'waited', mood: 'soft', untilMs: queuedMs },
    { name: 'process', mood: 'third', untilMs: boundMs },
    { name: 'first token', mood: 'second', untilMs: firstTokenMs },
    { name: 'answer', mood: 'first', untilMs: null },
  ];
  const last = steps.findLastIndex(({ untilMs }) => untilMs !== null) + 1;
  let fromMs = 0;
  return steps
    .slice(0, last + 1)
    .filter(({ untilMs }, index) => untilMs !== null || index === last)
    .map(({ untilMs, ...step }) => {
      const stretch = { ...step, fromMs, toMs: Math.max(untilMs ?? totalMs, fromMs) };
      fromMs = stretch.toMs;
      return stretch;
    });
}

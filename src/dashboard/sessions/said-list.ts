import { html, type Html } from '../html.ts';
import type { Said } from './to-said.ts';

/** A conversation as a person reads it. */
export function saidList(said: readonly Said[]): Html {
  return html`<dl class="said">
    ${said.map(
      ({ who, text }) =>
        html`<dt>${who}</dt>
          <dd>${text}</dd>`,
    )}
  </dl>`;
}

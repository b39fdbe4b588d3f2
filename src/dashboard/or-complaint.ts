import { RunError } from '../run-error.ts';
import { html, type Html } from './html.ts';

/** What the address asks for, or in its place the sentence that says what is wrong with it. */
export async function orComplaint(render: () => Promise<Html>): Promise<Html> {
  try {
    return await render();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return html`<p class="complaint" role="alert">${error.message}</p>`;
  }
}

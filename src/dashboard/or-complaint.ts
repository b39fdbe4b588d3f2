import { RunError } from '../run-error.ts';
import { html, type Html } from './html.ts';

/** What the address asks for, or the sentence that says what is wrong with it, with something behind it. */
export async function orComplaint(
  render: () => Html | Promise<Html>,
  behind: Html | string = '',
): Promise<Html> {
  try {
    return await render();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return html`<p class="complaint" role="alert">${error.message}</p>
      ${behind}`;
  }
}

import { type Condition, readConditions } from '../routes/health/conditions.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { html, type Html } from './html.ts';

/** What is not as it should be, by what `/ready` tells. */
export async function alerts({ health }: DashboardParts): Promise<Html> {
  const conditions = await readConditions(health);
  return html`${conditions.map(alert)}`;
}

function alert({ what, todo, stopsRequests }: Condition) {
  return html`<div class="alert ${stopsRequests ? 'bad' : 'warn'}" role="alert">
    <strong>${what}</strong>
    <p>${toCode(todo)}</p>
  </div>`;
}

/** What stands in backticks as code. */
function toCode(text: string) {
  return text
    .split('`')
    .map((piece, index) => (index % 2 === 0 ? piece : html`<code>${piece}</code>`));
}

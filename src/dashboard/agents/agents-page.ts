import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { orComplaint } from '../or-complaint.ts';
import type { Page } from '../page.ts';
import { liveContent, section } from '../section.ts';
import { inputCards } from './input-cards.ts';
import { runHead } from './run-head.ts';
import { runList, toListSource } from './run-list.ts';
import { runView } from './run-view.ts';
import { startForm } from './start-form.ts';

/** `/agents`: the runs of the key that signed in. `?run=` shows one; `?session=` and `?folder=` begin one there. */
export const agentsPage: Page = {
  title: 'Agents',
  scripts: ['agents.js'],
  async render(parts, c) {
    const { keyId } = c.var.caller;
    const { run: chosen, before } = c.req.query();
    const list = await runList(parts, { keyId, before });
    return html`${await startForm(parts, c)} ${await chosenRun(parts, c, chosen)}
    ${section('runs', 'Runs', liveContent(toListSource(before), 0, list))} ${inputCards()}`;
  },
};

async function chosenRun(
  { runs }: DashboardParts,
  c: Context<AppEnv>,
  id: string | undefined,
): Promise<Html> {
  if (id === undefined) return runView();
  return orComplaint(
    async () => runView({ id, head: runHead(await runs.get(id, c.var.caller.keyId)) }),
    runView(),
  );
}

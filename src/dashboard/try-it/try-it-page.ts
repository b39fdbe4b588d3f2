import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { inputCards } from '../agents/input-cards.ts';
import { listFolders } from '../agents/list-folders.ts';
import { MODE_TITLES } from '../agents/mode-titles.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html } from '../html.ts';
import { listModelNames } from '../list-model-names.ts';
import type { Page } from '../page.ts';
import { section } from '../section.ts';
import { TRIALS } from '../trials.ts';
import { SNIPPET_TITLES } from './snippets.ts';
import { EFFORTS } from './trial-form.ts';

/** `/try`: requests to any API. Its script makes the form, which the query of a link may fill. */
export const tryItPage: Page = {
  title: 'Try it',
  scripts: ['try-it.js'],
  async render(parts, c) {
    const setup = JSON.stringify(await readSetup(parts, c));
    const form = html`<div id="workbench" data-setup="${setup}">
      <p class="empty">The form needs JavaScript.</p>
    </div>`;
    return html`${section('try-it', 'Try it', form)} ${inputCards()}`;
  },
};

/** What the script cannot know. */
async function readSetup(parts: DashboardParts, c: Context<AppEnv>) {
  return {
    apis: TRIALS.map(({ name, title, takes }) => ({ name, title, takes })),
    models: await listModelNames(parts),
    folders: await listFolders(parts, c.var.caller.keyId),
    modes: MODE_TITLES,
    efforts: EFFORTS,
    codes: SNIPPET_TITLES,
  };
}

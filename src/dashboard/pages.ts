import { agentsPage } from './agents/agents-page.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { frame } from './frame.ts';
import { keysPage } from './keys/keys-page.ts';
import { overviewPage } from './overview/overview-page.ts';
import type { Page } from './page.ts';
import { requestsPage } from './requests/requests-page.ts';
import { sessionsPage } from './sessions/sessions-page.ts';
import type { Show } from './sign-in/mount-sign-in.ts';
import { tryItPage } from './try-it/try-it-page.ts';
import { usagePage } from './usage/usage-page.ts';

/** Every page by its address, in the order of the navigation. */
const PAGES: Readonly<Record<string, Page>> = {
  '/': overviewPage,
  '/agents': agentsPage,
  '/requests': requestsPage,
  '/usage': usagePage,
  '/keys': keysPage,
  '/sessions': sessionsPage,
  '/try': tryItPage,
};

/** The addresses of all pages. */
export const PAGE_PATHS: readonly string[] = Object.keys(PAGES);

/** How each page is shown, by its address. */
export function toShownPages(parts: DashboardParts): Readonly<Record<string, Show>> {
  const shown = Object.entries(PAGES).map(([path, page]): [string, Show] => [
    path,
    async (c) => frame(parts, { path, page, pages: PAGES, body: await page.render(parts, c) }),
  ]);
  return Object.fromEntries(shown);
}

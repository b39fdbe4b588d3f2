import { html } from '../html.ts';
import type { Page } from '../page.ts';
import { liveContent, section } from '../section.ts';
import { nowSection } from './now-section.ts';
import { overTimeSection } from './over-time-section.ts';

/** `/`: is it well? What goes on, and how it went. */
export const overviewPage: Page = {
  title: 'Overview',
  render: async (parts) => html`
    ${section('now', 'Now', liveContent('/dashboard/now', 1000, await nowSection(parts)))}
    ${section(
      'over-time',
      'Over time',
      liveContent('/dashboard/over-time?range=hour', 30_000, overTimeSection(parts, 'hour')),
    )}
  `,
};

import type { Page } from '../page.ts';
import { liveContent, section } from '../section.ts';
import { storedSection } from './stored-section.ts';

/** `/sessions`: what the key that signed in has stored here. */
export const sessionsPage: Page = {
  title: 'Sessions',
  async render(parts, c) {
    const stored = await storedSection(parts, c.var.caller);
    return section(
      'stored',
      'Sessions and stored responses',
      liveContent('/dashboard/stored', 0, stored),
    );
  },
};

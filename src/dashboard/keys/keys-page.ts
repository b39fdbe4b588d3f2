import { html } from '../html.ts';
import type { Page } from '../page.ts';
import { liveContent, section } from '../section.ts';
import { keysSection, newKeySection } from './keys-section.ts';

/** `/keys`: who may do what. */
export const keysPage: Page = {
  title: 'Keys',
  scripts: ['keys.js'],
  async render(parts) {
    const list = liveContent('/dashboard/keys', 0, await keysSection(parts));
    return section('keys', 'Keys', html`${list} ${newKeySection()}`);
  },
};

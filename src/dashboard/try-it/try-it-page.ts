import type { Page } from '../page.ts';
import { section } from '../section.ts';
import { tryItSection } from './try-it-section.ts';

/** `/try`: one request to any API. */
export const tryItPage: Page = {
  title: 'Try it',
  scripts: ['try-it.js'],
  async render(parts, c) {
    const { searchParams } = new URL(c.req.url);
    return section('try-it', 'Try it', await tryItSection(parts, searchParams));
  },
};

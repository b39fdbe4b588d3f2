import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const AXE = join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js');

type Violation = { id: string; impact: string; nodes: { html: string }[] };

export const NO_FAULTS = { serious: [], isTooWide: false };

/** By https://github.com/dequelabs/axe-core, put in past the page's own rules for scripts. */
export async function findFaults(page: Page) {
  await page.evaluate(`${await readFile(AXE, 'utf8')}; 0`);
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  const serious = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  return {
    serious: serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    isTooWide: await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'),
  };
}

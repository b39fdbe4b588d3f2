import { expect, test } from 'vitest';

import { PAGE_PATHS } from '../../src/dashboard/pages.ts';
import { createTestApp } from '../support/create-test-app.ts';
import { openSignedIn } from '../support/open-signed-in.ts';

test('each page has a letter of its own, and stands in the list', async () => {
  const text = await openSignedIn(createTestApp(), '/');
  const letters = [...text.matchAll(/data-letter="(\w)"/g)].map(([, letter]) => letter);
  expect(new Set(letters).size).toBe(PAGE_PATHS.length);
  for (const letter of letters) expect(text).toContain(`<kbd>g</kbd> <kbd>${letter}</kbd>`);
});

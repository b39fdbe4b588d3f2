import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { toTable } from '../../scripts/to-versions-table.ts';
import { NEWEST_TRIED_CLI, OLDEST_CLI } from '../../src/common/cli-versions.ts';

const on = new Date('2026-01-02T03:04:05Z');

test('the newest release stands first; one that failed a test, or ran none, does not work', () => {
  const table = toTable([
    { release: '2.1.99', passed: 0, failed: 0, on },
    { release: '2.1.310', passed: 9, failed: 1, on },
    { release: '2.1.330', passed: 10, failed: 0, on },
  ]);

  expect(table).toBe(
    [
      '| CLI | works | tests | tried on |',
      '| --- | --- | --- | --- |',
      '| 2.1.330 | yes | 10 passed, 0 failed | 2026-01-02 |',
      '| 2.1.310 | no | 9 passed, 1 failed | 2026-01-02 |',
      '| 2.1.99 | no | 0 passed, 0 failed | 2026-01-02 |',
    ].join('\n'),
  );
});

test('the page says of the versions that the server warns by that they work', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/cli-versions.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\d\S+) +\| yes/gm)].map(([, release]) => release);
  expect([rows[0], rows.at(-1)]).toEqual([NEWEST_TRIED_CLI, OLDEST_CLI]);
});

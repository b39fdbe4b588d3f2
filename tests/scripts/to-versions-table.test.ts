import { expect, test } from 'vitest';

import { toTable } from '../../scripts/to-versions-table.ts';

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

import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { readDocument } from './read-blocks.ts';

const ROOT = join(import.meta.dirname, '../..');

const document = readDocument('SECURITY.md');

/** What is promised, and the tests that hold it: the rows behind the table's heading. */
const promises = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('SECURITY.md names a test for each promise', () => {
  expect(promises.length).toBeGreaterThan(20);
  for (const [promise, tests = ''] of promises) {
    expect({ promise, tests }).toEqual({
      promise: expect.stringMatching(/\w/),
      tests: expect.stringMatching(/^(?:`tests\/[^`]+\.test\.ts`(?:, |$))+$/),
    });
  }
});

test('every file of tests/promises is named in SECURITY.md', () => {
  const files = globSync('tests/promises/*.test.ts', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !document.includes(`\`${file}\``))).toEqual([]);
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../../src');

/** What somebody can take in who opens a folder. */
const MOST_FILES = 22;

test('no folder of src/ has too many files to look through', () => {
  const files = readdirSync(SOURCE, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const byFolder = Map.groupBy(files, ({ parentPath }) => parentPath);
  const tooFull = [...byFolder].filter(([, inside]) => inside.length > MOST_FILES);

  expect(byFolder.size).toBeGreaterThan(20);
  expect(tooFull.map(([folder, inside]) => `${folder}: ${inside.length}`)).toEqual([]);
});

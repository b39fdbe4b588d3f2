import { existsSync, readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { LONGEST_FILES } from './support/longest-files.ts';

const FOLDER = import.meta.dirname;

/** What starts a server, the CLI or the program; tests that only name its types or its key start nothing. */
const STARTS = /\bstart(?:Proxy|Program|Product)\(|\bshareProxy\(/;

const isTier = (file: string) => /\.(?:cli|proof|heavy)\.test\.ts$/.test(file);

test('a file that starts a server says so in its name', async () => {
  const files = (await Array.fromAsync(glob('**/*.test.ts', { cwd: FOLDER }))).filter(
    (file) => !/^(?:browser|faults|cluster|big-clients)\//.test(file) && file !== 'tiers.test.ts',
  );
  const starting = files.filter((file) => STARTS.test(readFileSync(join(FOLDER, file), 'utf8')));

  expect(starting.length).toBeGreaterThan(10);
  expect(starting.filter((file) => !isTier(file))).toEqual([]);
});

test('a proxy is shared only where the files share a worker', async () => {
  const proofs = await Array.fromAsync(glob('**/*.proof.test.ts', { cwd: FOLDER }));
  const sharing = proofs.filter((file) =>
    readFileSync(join(FOLDER, file), 'utf8').includes('shareProxy('),
  );

  expect(sharing).toEqual([]);
});

test('the files that run first are there', () => {
  expect(LONGEST_FILES.filter((file) => !existsSync(join(FOLDER, '..', file)))).toEqual([]);
});

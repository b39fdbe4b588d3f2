import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { CLIENTS, toClientsTable } from '../../scripts/to-clients-table.ts';
import { VERSIONS } from '../big-clients/versions.ts';
import { CLIENTS as EVERY_CLIENT } from '../clients/every-client.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The clients of docs/clients.md with their versions. */
function readRows() {
  const page = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
  const rows = page.matchAll(/^\| `(\S+)` +\| (\S+) .*\| (\d+) passed, (\d+) failed +\|$/gm);
  return [...rows].map(([, name, version, passed, failed]) => ({ name, version, passed, failed }));
}

function readWanted(): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const locked = Object.entries(packages).map(([path, { version }]) => [
    path.replace(/^node_modules\//, ''),
    version,
  ]);
  return { ...Object.fromEntries(locked), ...VERSIONS };
}

const ran = (file: string, title: string, status = 'passed') => ({
  file,
  titles: ['a client', title],
  status,
});

test('a test counts for each client that its file and its titles name', () => {
  const [one, other] = [
    { name: 'one', tried: 'texts', tests: [{ file: /one/ }] },
    { name: 'other', tried: 'tools', tests: [{ file: /shared/, title: /^a client other/ }] },
  ];
  const all = [
    ran('one.test.ts', 'says'),
    ran('one.test.ts', 'streams', 'failed'),
    ran('one.test.ts', 'sings', 'skipped'),
    ran('shared.test.ts', 'other calls'),
    ran('shared.test.ts', 'any calls'),
  ];

  expect(toClientsTable([one, other], all, { one: '1.0.0', other: '2.0.0' })).toBe(
    [
      '| client | version | tried | tests |',
      '| --- | --- | --- | --- |',
      '| `one` | 1.0.0 | texts | 1 passed, 1 failed |',
      '| `other` | 2.0.0 | tools | 1 passed, 0 failed |',
    ].join('\n'),
  );
  expect(() => toClientsTable([one, other], all.slice(0, 3), {})).toThrow('other was not tried.');
});

describe('the page', () => {
  test('has all clients, in the versions that are installed', () => {
    const wanted = readWanted();

    expect(readRows().map(({ name, version }) => [name, version])).toEqual(
      CLIENTS.map(({ name }) => [name, wanted[name]]),
    );
  });

  test('has clients that were tried, and whose tests passed', () => {
    for (const { name, passed, failed } of readRows())
      expect([name, Number(passed) > 0, failed]).toEqual([name, true, '0']);
  });
});

describe('the suite', () => {
  const files = globSync('tests/**/*.test.ts', { cwd: ROOT });

  test.each(CLIENTS)('has tests of $name', ({ tests }) => {
    for (const { file } of tests) expect(files.filter((one) => file.test(one))).not.toEqual([]);
  });

  test('has every client and every large one in the table', () => {
    const names = CLIENTS.map(({ name }) => name);
    const tried = [...Object.keys(EVERY_CLIENT), ...Object.keys(VERSIONS)];
    const packages = new Set(tried.map((name) => name.replace(/,.*/, '')));

    expect([...packages].filter((name) => !names.includes(name))).toEqual([]);
  });
});

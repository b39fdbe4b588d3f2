// `npm run clients-table`: runs the tests of every client, those that `npm run test:clients` installs
// included, and writes the table of docs/clients.md. Not part of the tests: what it installs takes four gigabytes.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { execa } from 'execa';

import { type BigClient, VERSIONS } from '../tests/big-clients/versions.ts';
import { toPlace } from '../tests/big-clients/clients.ts';
import { CLIENTS, type RanTest, toClientsTable } from './to-clients-table.ts';

/** Of vitest's JSON report, what is read here. */
type Report = {
  testResults: {
    name: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
};

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/clients.md');

const RUNS = [
  ['tests/clients', 'tests/responses/openai-client', 'tests/responses/other-clients'],
  ['--config', 'tests/big-clients/vitest.config.ts'],
];

const folder = await mkdtemp(join(tmpdir(), 'clients-table-'));
const ran: RanTest[] = [];
try {
  for (const [index, args] of RUNS.entries())
    ran.push(...(await runTests(args, join(folder, `${index}.json`))));
} finally {
  await rm(folder, { recursive: true, force: true });
}
for (const { titles, status } of ran) if (status === 'failed') console.log(titles.join(' > '));
const table = toClientsTable(CLIENTS, ran, await readVersions());
const page = await readFile(PAGE, 'utf8');
await writeFile(PAGE, page.replace(/^\| client[^]*?^(?!\|)/m, `${table}\n`));
await execa(join(ROOT, 'node_modules/.bin/oxfmt'), [PAGE]);
console.log(table);

async function runTests(args: readonly string[], report: string): Promise<RanTest[]> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const outputs = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  await execa(process.execPath, [vitest, 'run', ...args, ...outputs], {
    cwd: ROOT,
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false, // the report says how it went
  });
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file: relative(ROOT, name),
      titles: [...ancestorTitles, title],
      status,
    })),
  );
}

/** Of what is installed, by name. */
async function readVersions(): Promise<Record<string, string>> {
  const entries = CLIENTS.map(async ({ name }) => {
    const place = isBigClient(name) ? toPlace(name) : ROOT;
    const file = join(place, 'node_modules', name, 'package.json');
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    return [name, version] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function isBigClient(name: string): name is BigClient {
  return name in VERSIONS;
}

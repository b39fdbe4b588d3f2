// `npm run cli-versions -- 2.1.280 2.1.310 2.1.330`: runs a part of the tests against releases of the
// claude CLI and writes docs/cli-versions.md. Not part of the tests: it downloads 200 MB a release.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

import { NEWEST_TRIED_CLI, OLDEST_CLI } from '../src/common/cli-versions.ts';
import { type Tried, toTable } from './to-versions-table.ts';

/**
 * Chat whole and streamed, agents and their sessions, cancelling, structured output, the caller's tools,
 * processes that are used again, long histories.
 */
const TESTS = [
  'tests/clients/shell.proof.test.ts',
  'tests/structured-output/by-the-api.cli.test.ts',
  'tests/tools/hot.cli.test.ts',
  'tests/reuse/conversations.proof.test.ts',
  'tests/reuse/long-histories.proof.test.ts',
  'tests/reuse/resumed.proof.test.ts',
];

/** Of vitest's JSON report, what is read here. */
type Report = { numPassedTests: number; numFailedTests: number; testResults: TestFile[] };

type TestFile = {
  assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
};

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/cli-versions.md');
const RELEASES = [OLDEST_CLI, '2.1.310', '2.1.330', NEWEST_TRIED_CLI];

const releases = process.argv.length > 2 ? process.argv.slice(2) : RELEASES;
const tried: Tried[] = [];
for (const release of releases) {
  tried.push(await tryRelease(release));
  console.log(tried.at(-1));
}
const page = await readFile(PAGE, 'utf8');
await writeFile(PAGE, page.replace(/^\|[^]*^\|.*$/m, toTable(tried)));

async function tryRelease(release: string): Promise<Tried> {
  const folder = await mkdtemp(join(tmpdir(), 'cli-versions-'));
  try {
    await execa('npm', ['install', '--prefix', folder, `@anthropic-ai/claude-code@${release}`]);
    const report = join(folder, 'report.json');
    await execa(
      process.execPath,
      [
        join(ROOT, 'node_modules/vitest/vitest.mjs'),
        'run',
        ...TESTS,
        '--reporter=json',
        `--outputFile=${report}`,
      ],
      {
        cwd: ROOT,
        env: { CLAUDE_UNDER_TEST: join(folder, 'node_modules/.bin/claude') },
        reject: false, // the report says how it went
      },
    );
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(
      await readFile(report, 'utf8'),
    ) as Report;
    for (const { status, fullName, failureMessages } of testResults.flatMap(toAssertions))
      if (status === 'failed')
        console.log(`${release}: ${fullName}\n${failureMessages.join('\n')}`);
    return { release, passed: numPassedTests, failed: numFailedTests, on: new Date() };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function toAssertions({ assertionResults }: TestFile) {
  return assertionResults;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { type Block, readBlocks, readDocument } from './read-blocks.ts';
import { toShape } from './to-shape.ts';

const ROOT = join(import.meta.dirname, '../..');
const PATH = [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);

const DOCUMENTS = [
  'README.md',
  'docs/agents.md',
  'docs/clients.md',
  'docs/endpoints.md',
  'docs/function-calling.md',
  'docs/images.md',
  'docs/responses.md',
  'docs/sessions.md',
  'docs/structured-output.md',
];

/** What runs here, and how. All other blocks are answers, or stand in a document that says so. */
const PROGRAMS: Record<string, (code: string) => [string, string[]]> = {
  js: (code) => [process.execPath, ['--input-type=module', '--eval', code]],
  sh: (code) => ['bash', ['-euo', 'pipefail', '-c', code]],
};

let folder: string;
let demo: Program;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'documents-'));
  demo = await startProgram(process.execPath, [join(ROOT, 'src/bin.ts'), '--demo', '--port', '0'], {
    cwd: folder,
    env: { PATH, HOME: folder, TMPDIR: folder, LOG_LEVEL: 'silent', ...COMPILE_CACHE },
  });
});
afterAll(async () => {
  process.kill(demo.pid, 'SIGTERM');
  await demo.exited;
  await endProgram(demo);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe.each(DOCUMENTS)('%s', (file) => {
  const blocks = readBlocks(file);
  const runnable = blocks.filter(({ language }) => language in PROGRAMS);

  test.each(runnable.filter(({ answer }) => answer !== undefined))(
    '$place answers as it says',
    async ({ code, language, answer = '' }) => {
      const { stdout } = await run(code, language);

      expect(toShape(stdout)).toEqual(toShape(answer));
    },
  );

  test.each(runnable.filter(({ answer }) => answer === undefined))(
    '$place runs',
    async ({ code, language }) => {
      const { stdout } = await run(code, language);

      expect(stdout).toContain('demo');
    },
  );

  test('a block that is not run says so', () => {
    const others = blocks.filter((block) => !runnable.includes(block) && !isAnswer(block, blocks));
    const isSaid = /not\s+run\s+by\s+the\s+tests/.test(readDocument(file));

    expect(others.length === 0 || isSaid).toBe(true);
  });
});

test('the README shows the banner as it is', () => {
  const [shown] = readBlocks('README.md').filter(({ language }) => language === 'text');

  expect(toHeads(demo.output)).toEqual(toHeads(shown?.code ?? ''));
});

/** What the lines of a banner begin with, without ports. */
function toHeads(banner: string): string[] {
  return banner.split('\n').flatMap((line) => {
    const [head] = /^(\S+ [\d.]+ listens on|\w+( it)?:|curl \S+\/v1\S+)/.exec(line) ?? [];
    return head?.replace(/:\d+/, '') ?? [];
  });
}

function isAnswer({ code }: Block, blocks: readonly Block[]) {
  return blocks.some(({ answer }) => answer === code);
}

function run(code: string, language: string) {
  const [command, args] = PROGRAMS[language]?.(
    code.replaceAll('127.0.0.1:6789', new URL(demo.url).host),
  ) ?? ['', []];
  return execa(command, args, {
    cwd: ROOT,
    env: { PATH, BASE_URL: demo.url, PROXY_API_KEY: demo.key, ...COMPILE_CACHE },
  });
}

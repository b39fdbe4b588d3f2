import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readFlags } from '../../src/cli/flags.ts';
import { start } from '../../src/cli/start.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const NOWHERE = '/nowhere/claude';

/** What a start that fails says, and what it warned of before. */
async function refuse(args: readonly string[], environment: Record<string, string> = {}) {
  const warnings: string[] = [];
  const starting = start({
    flags: readFlags(args),
    version: '1.2.3',
    folder,
    environment: { STATE_DIR: join(folder, 'state'), ...environment },
    warn: (line) => void warnings.push(line),
  });
  const said = await starting.then(
    () => 'It has started.',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
  return { said, warnings };
}

test('bad settings are all named at once, those of flags and of .env among them', async () => {
  await writeFile(join(folder, '.env'), 'LOG_LEVEL=loud\nMAX_QUEUE_SIZE=many\nPROT=1\n');
  const environment = { WORKER_CONCURRENCY: 'two', MAX_QUEUE_SIZE: '5' };
  expect(await refuse(['--port', 'http'], environment)).toEqual({
    said: [
      'PORT is "http", but must be a whole number from 0 to 65535.',
      'LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.',
      'WORKER_CONCURRENCY is "two", but must be a whole number from 1 to 1000.',
    ].join('\n'),
    warnings: ['.env: PROT is not a setting of claude-code-proxy and is ignored.'],
  });
});

test('a CLAUDE_PATH that leads nowhere is one sentence', async () => {
  expect((await refuse([], { CLAUDE_PATH: NOWHERE })).said).toBe(
    `CLAUDE_PATH names ${NOWHERE}, which is not a claude CLI that runs: correct it, or leave it out.`,
  );
});

test('a state folder that cannot be written is named before the CLI is looked for', async () => {
  await writeFile(join(folder, 'file'), '');
  const environment = { STATE_DIR: join(folder, 'file/state'), CLAUDE_PATH: NOWHERE };
  expect((await refuse([], environment)).said).toContain(
    `The state folder ${folder}/file/state cannot be written (ENOTDIR)`,
  );
});

test('a demo for the whole network is refused', async () => {
  expect((await refuse(['--demo', '--host', '0.0.0.0'])).said).toBe(
    'A demo is for this machine only, and HOST is 0.0.0.0: leave HOST out.',
  );
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEnvFile, withFallback } from '../../src/cli/env-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'env-file-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('settings are read, quotes and comments as usual', async () => {
  await writeFile(
    join(folder, '.env'),
    '# ours\nPORT=8080 # http\nMODEL_ALIASES="gpt-4o=sonnet"\n',
  );
  expect(await readEnvFile(folder)).toEqual({
    settings: { PORT: '8080', MODEL_ALIASES: 'gpt-4o=sonnet' },
    warnings: [],
  });
});

test('what is no setting is left out, with one line about it that does not show the value', async () => {
  await writeFile(join(folder, '.env'), 'ANTHROPIC_API_KEY=secret\nPROT=1\ntoString=1\nPORT=2\n');
  expect(await readEnvFile(folder)).toEqual({
    settings: { PORT: '2' },
    warnings: [
      '.env: ANTHROPIC_API_KEY is not a setting of claude-code-proxy and is ignored.',
      '.env: PROT is not a setting of claude-code-proxy and is ignored.',
      '.env: toString is not a setting of claude-code-proxy and is ignored.',
    ],
  });
});

test('without the file there are no settings', async () => {
  expect(await readEnvFile(folder)).toEqual({ settings: {}, warnings: [] });
});

test('one sentence says that the file cannot be read', async () => {
  await mkdir(join(folder, '.env'));
  await expect(readEnvFile(folder)).rejects.toThrow(
    `The file ${join(folder, '.env')} cannot be read (EISDIR).`,
  );
});

test('the environment goes before the file, but not with an empty variable', () => {
  const environment = { PORT: '1', HOST: '', PATH: '/bin', GONE: undefined };
  expect(withFallback(environment, { PORT: '2', HOST: '::1', LOG_LEVEL: 'warn' })).toEqual({
    PORT: '1',
    HOST: '::1',
    LOG_LEVEL: 'warn',
    PATH: '/bin',
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

type Lock = { packages: Record<string, { hasInstallScript?: boolean }> };

test('the packages that may run scripts when installed are those that have any, and no others', async () => {
  const { allowScripts } = (await readJson('package.json')) as {
    allowScripts: Record<string, boolean>;
  };
  const { packages } = (await readJson('package-lock.json')) as Lock;
  const scripted = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split('node_modules/').at(-1) ?? '');
  expect(new Set(Object.keys(allowScripts))).toEqual(new Set(scripted));
});

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(ROOT, file), 'utf8'));
}

import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { get, type TestApp } from '../../support/create-test-app.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';
import { createKeyedApp, createKeysFolder, type KeysFolder } from '../../support/keys.ts';

let folder: KeysFolder;
let app: TestApp;
beforeEach(async () => {
  folder = await createKeysFolder();
  app = createKeyedApp(folder);
});
afterEach(() => folder.remove());

test('each key is shown with what it may do, and nothing that opens a door', async () => {
  const key = await folder.add(
    { scopes: ['chat', 'agent'], tokensPerDay: 5000, usdPerDay: 2.5, deniedTools: ['Bash'] },
    'laptop',
  );
  const text = await readSection();
  expect(text).toContain('laptop');
  expect(text).toContain('chat, agent · 5,000 tokens/day · $2.50/day · without Bash');
  expect(text).not.toContain(key);
  expect(text).not.toMatch(/[\da-f]{64}/);
});

test('without one it says so', async () => {
  expect(await readSection()).toContain('There is no key beside the owner');
});

test('a broken file is told of, and takes nothing else of the page away', async () => {
  await writeFile(folder.file, '{');
  expect(await readSection()).toContain('it is not JSON');
  expect(await openSignedIn(app, '/keys')).toContain('Add a key');
});

test('what stands in a key is text', async () => {
  await folder.add({ deniedTools: ['Bash(<img src=x> "&)'] });
  const text = await readSection();
  expect(text).not.toContain('<img');
  expect(text).toContain('Bash(&lt;img src=x&gt; &quot;&amp;)');
});

async function readSection() {
  return (await get(app, '/dashboard/keys')).text();
}

import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { errorReply, textReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { ask } from '../support/calls.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectRecovered, readSurroundings } from './surroundings.ts';

let product: Product;
let valid = 'first';
afterEach(() => product.stop());

test('the login goes while the server runs, and comes back: 401, then the answer', async () => {
  product = await startProduct({
    prepare: writeLoginHelper,
    answer: (_, { headers }) =>
      headers['x-api-key'] === valid
        ? textReply('You are logged in.')
        : errorReply(401, 'authentication_error', 'invalid x-api-key'),
    settings: { ANTHROPIC_API_KEY: undefined, WORKER_CONCURRENCY: '1' },
  });

  expect(await askForText()).toContain('You are logged in.');
  const before = await readSurroundings(product);

  valid = 'second';
  const refused = await ask(product, 'messages', 'Hi');
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect(await readFailure(refused)).toMatchObject({ status: 401, type: 'authentication_error' });
  await rm(toKeyFile(product.folder));
  expect(await readFailure(await ask(product, 'messages', 'Hi'))).toMatchObject({ status: 401 });

  await writeFile(toKeyFile(product.folder), valid);
  expect(await askForText()).toContain('You are logged in.');
  product.model.answer = () => textReply('Anybody.');
  await expectRecovered(product, before);
});

async function askForText() {
  return (await ask(product, 'messages', 'Hi')).text();
}

function toKeyFile(folder: string) {
  return join(folder, 'home/login-key');
}

/** A program of the operator's that tells the CLI its key. */
async function writeLoginHelper(folder: string) {
  const claudeFolder = join(folder, 'home/.claude');
  const helper = join(folder, 'home/helper.sh');
  await mkdir(claudeFolder);
  await writeFile(helper, `#!/bin/sh\nexec cat '${toKeyFile(folder)}'\n`);
  await chmod(helper, 0o700);
  await writeFile(toKeyFile(folder), 'first');
  await writeFile(join(claudeFolder, 'settings.json'), JSON.stringify({ apiKeyHelper: helper }));
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { refuseOpenDemo, refuseOpenWithoutKey } from '../../src/cli/refuse-open.ts';
import { readOrCreateKey } from '../../src/keys/proxy-key.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

const HERE = ['127.0.0.1', '127.0.0.2', '::1', 'localhost'];
const OPEN = ['0.0.0.0', '::', '192.168.1.7', 'proxy.example.com', '127.0.0.1.example.com'];

const ALONE = { redisUrl: undefined, clusterSecret: undefined, clusterPrefix: '' };

let folder: KeysFolder;
beforeEach(async () => {
  folder = await createKeysFolder();
});
afterEach(() => folder.remove());

const refuse = (host: string, proxyApiKey?: string) =>
  refuseOpenWithoutKey({ ...ALONE, host, proxyApiKey, stateDir: folder.path });

test.for(HERE)('%s needs no key of the operator’s', async (host) => {
  await expect(refuse(host)).resolves.toBeUndefined();
  expect(() => refuseOpenDemo({ host })).not.toThrow();
});

describe.for(OPEN)('%s', (host) => {
  test('is refused without a key, in one sentence', async () => {
    await expect(refuse(host)).rejects.toThrow(
      `HOST is ${host}, which others can reach, and there is no key yet: set PROXY_API_KEY, or run \`claude-code-proxy keys add NAME\` first.`,
    );
  });

  test('is fine with a key that was set, added, or made and shown before', async () => {
    await expect(refuse(host, 'a-key-of-the-operator')).resolves.toBeUndefined();
    await folder.add();
    await expect(refuse(host)).resolves.toBeUndefined();
    await writeFile(folder.file, '{"keys":[]}');
    await expect(refuse(host)).rejects.toThrow('there is no key yet');
    await readOrCreateKey(folder.path);
    await expect(refuse(host)).resolves.toBeUndefined();
  });

  test('is refused when nobody can tell which keys there are', async () => {
    await writeFile(join(folder.path, 'keys.json'), 'oops');
    await expect(refuse(host)).rejects.toThrow('cannot be read: it is not JSON');
  });

  test('is refused to a demo', () => {
    expect(() => refuseOpenDemo({ host })).toThrow('A demo is for this machine only');
  });
});

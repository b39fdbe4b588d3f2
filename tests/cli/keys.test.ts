import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { runKeys } from '../../src/cli/keys.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';

let folder: KeysFolder;
let warnings: string[];
beforeEach(async () => {
  folder = await createKeysFolder();
  warnings = [];
});
afterEach(() => folder.remove());

const keys = (...args: string[]) =>
  runKeys({
    args,
    version: '1.2.3',
    environment: { STATE_DIR: folder.path },
    folder: join(folder.path, 'elsewhere'),
    warn: (line) => warnings.push(line),
  });

test('a key that is added is shown once, and holds', async () => {
  const [key = '', line] = (await keys('add', 'laptop')).split('\n');
  expect(key).toMatch(/^ccp-[\w-]{43}$/);
  expect(line).toMatch(/^key-[\da-f]{8} {2}laptop {2}\d{4}-\d\d-\d\d {2}scopes=chat$/);
  const book = createKeyBook({ ownerKey: 'owner-key-0123456789', place: folder.place });
  expect(await book.find([key])).toMatchObject({ name: 'laptop', scopes: ['chat'] });
  expect(await keys('list')).not.toContain(key);
  expect(await keys('list', '--json')).not.toContain(key);
});

test('every limit has its flag', async () => {
  const limits =
    '--requests-per-minute 10 --tokens-per-minute 1000 --tokens-per-day 5000 --running-at-once 2 --usd-per-day 2.5 --permission-modes plan,dontAsk --usd-per-run 0.5 --seconds-per-run 60 --background-runs 5 --waiting-runs 1 --mcp-hosts tools.example.com,127.0.0.1:9000 --models=sonnet,claude-opus-5-5';
  const answer = await keys(
    'add',
    'robot',
    '--json',
    '--scopes',
    'chat, agent',
    '--denied-tools',
    'WebFetch,Bash(git push *, git pull *)',
    ...limits.split(' '),
  );
  const { key, ...shown } = JSON.parse(answer) as Record<string, unknown>;
  expect(key).toMatch(/^ccp-/);
  expect(shown).toEqual({
    id: expect.stringMatching(/^key-/),
    name: 'robot',
    createdAt: expect.any(String),
    scopes: ['chat', 'agent'],
    models: ['sonnet', 'claude-opus-5-5'],
    requestsPerMinute: 10,
    tokensPerMinute: 1000,
    tokensPerDay: 5000,
    runningAtOnce: 2,
    usdPerDay: 2.5,
    permissionModes: ['plan', 'dontAsk'],
    deniedTools: ['WebFetch', 'Bash(git push *, git pull *)'],
    mcpHosts: ['tools.example.com', '127.0.0.1:9000'],
    usdPerRun: 0.5,
    secondsPerRun: 60,
    backgroundRuns: 5,
    waitingRuns: 1,
  });
  expect(JSON.parse(await keys('list', '--json'))).toEqual({ keys: [shown] });
  expect(warnings).toEqual([
    'Note: Bash(git push *, git pull *) stops only commands that are written so; to stop them all, deny Bash.',
  ]);
});

test('a key is revoked by name, and by id', async () => {
  await keys('add', 'one');
  const { id } = JSON.parse(await keys('add', 'two', '--json')) as { id: string };
  expect(await keys('revoke', 'one')).toBe('one is revoked.');
  expect(JSON.parse(await keys('revoke', id, '--json'))).toMatchObject({
    name: 'two',
    revoked: true,
  });
  expect(await keys('list')).toBe("There is no key beside the owner's.");
});

test('a key that is rotated, by name or by id, gets a new text and stays the same key', async () => {
  const first = JSON.parse(await keys('add', 'one', '--json')) as { id: string; key: string };
  const second = JSON.parse(await keys('rotate', 'one', '--json'));
  expect(second).toMatchObject({ id: first.id, previousUntil: expect.any(String) });
  expect(second.key).not.toBe(first.key);
  const third = await keys('rotate', first.id, '--overlap-seconds', '0');
  expect(third).toMatch(/^ccp-\S+\nkey-\S+  one .*\nThe key is shown only this once\.$/);
  expect(third).not.toContain('previousUntil');
});

test('--help tells of it', async () => {
  expect(await keys('--help')).toContain('keys add NAME');
  expect(await keys('add', '-h')).toContain('--usd-per-day');
});

const WHOLE = (flag: string, text: string) =>
  `${flag} takes a whole number above 0, not "${text}". See --help.`;

describe('one sentence says', () => {
  test.for([
    [[], 'Say what to do: keys add NAME, list, rotate NAME-OR-ID or revoke NAME-OR-ID.'],
    [['grant'], 'Say what to do'],
    [['add'], 'A word is missing: keys add NAME.'],
    [['revoke'], 'A word is missing: keys revoke NAME-OR-ID.'],
    [['add', 'one', 'two'], 'two is one word too many.'],
    [['list', 'one'], 'one is one word too many.'],
    [['add', 'one\n{"level":30}'], 'The name will not do'],
    [['add', '--name'], "Unknown option '--name'"],
    [['add', 'one', '--scopes', 'root'], '--scopes will not do'],
    [['add', 'one', '--scopes', ''], '--scopes will not do'],
    [['add', 'one', '--models', '--help'], "Option '--models"],
    [['add', 'one', '--models=--help'], '--models will not do'],
    [['add', 'one', '--denied-tools=--add-dir'], '--denied-tools will not do'],
    [['add', 'one', '--permission-modes', 'yolo'], '--permission-modes will not do'],
    [['add', 'one', '--requests-per-minute', 'many'], WHOLE('--requests-per-minute', 'many')],
    [['add', 'one', '--requests-per-minute', '0'], WHOLE('--requests-per-minute', '0')],
    [['add', 'one', '--requests-per-minute='], WHOLE('--requests-per-minute', '')],
    [['add', 'one', '--tokens-per-minute', '1e3'], WHOLE('--tokens-per-minute', '1e3')],
    [['add', 'one', '--tokens-per-day', '0x10'], WHOLE('--tokens-per-day', '0x10')],
    [['add', 'one', '--running-at-once', '1.5'], WHOLE('--running-at-once', '1.5')],
    [['add', 'one', '--usd-per-day=-1'], '--usd-per-day takes a number above 0, not "-1".'],
    [['add', 'one', '--usd-per-day', '2,5'], '--usd-per-day takes a number above 0, not "2,5".'],
    [['add', 'one', '--usd-per-day', '2000000'], '--usd-per-day will not do'],
    [['rotate'], 'A word is missing: keys rotate NAME-OR-ID.'],
    [['rotate', 'nobody'], 'There is no key with the name or id nobody.'],
    [['rotate', 'one', '--overlap-seconds', '1e9'], '--overlap-seconds will not do'],
    [['revoke', 'one', '--overlap-seconds', '1'], '--overlap-seconds goes with keys rotate.'],
    [['list', '--scopes', 'chat'], 'Limits are set when a key is added.'],
    [['revoke', 'nobody'], 'There is no key with the name or id nobody.'],
  ] as [string[], string][])('what is wrong with %j', async ([args, sentence]) => {
    const failure = await keys(...args).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: expect.stringContaining(sentence) });
    expect((failure as Error).message.split('\n')).toHaveLength(1);
    await expect(readFile(folder.file)).rejects.toThrow('ENOENT');
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { createStartTurns } from '../../../src/claude/process/start-turns.ts';

const NOW = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const NEVER = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-turns-'));
});
afterEach(() => rm(folder, { recursive: true }));

const create = () => createStartTurns({ claudeFolder: folder, now: () => NOW });

/** A login as the CLI stores it, with nothing in it that is one. */
function storeLogin(msLeft: number) {
  const login = { claudeAiOauth: { accessToken: 'made-up', expiresAt: NOW + msLeft } };
  return writeFile(join(folder, '.credentials.json'), JSON.stringify(login));
}

/** Takes turns and notes the order in which they are had. */
function record() {
  const takeTurn = create();
  const had: string[] = [];
  const take = async (name: string, signal = NEVER) => {
    const end = await takeTurn(signal);
    had.push(name);
    return end;
  };
  return { had, take };
}

test.each([
  ['no login in the folder', () => Promise.resolve()],
  ['five minutes left', () => storeLogin(5 * MINUTE_MS)],
  ['words that are no JSON', () => writeFile(join(folder, '.credentials.json'), 'x')],
  ['no time in it', () => writeFile(join(folder, '.credentials.json'), '{"claudeAiOauth":{}}')],
])('with %s nobody waits', async (_, prepare) => {
  await prepare();
  const { had, take } = record();
  await Promise.all([take('one'), take('two')]);
  expect(had).toHaveLength(2);
});

test.each([5 * MINUTE_MS - 1, 0, -MINUTE_MS])(
  'with %i ms left each waits for the one before to be up',
  async (msLeft) => {
    await storeLogin(msLeft);
    const { had, take } = record();
    const endOne = await take('one');
    const two = take('two');
    const three = two.then((end) => [end, take('three')] as const);
    await reading();
    expect(had).toEqual(['one']);
    endOne();
    const [endTwo, waiting] = await three;
    await reading();
    expect(had).toEqual(['one', 'two']);
    endTwo();
    await waiting;
    expect(had).toEqual(['one', 'two', 'three']);
  },
);

test('who leaves while waiting holds up nobody', async () => {
  await storeLogin(0);
  const { had, take } = record();
  const endOne = await take('one');
  const left = new AbortController();
  const two = take('two', left.signal);
  const three = take('three');
  left.abort(new Error('I left.'));
  await expect(two).rejects.toThrow('I left.');
  expect(had).toEqual(['one']);
  endOne();
  await three;
  expect(had).toEqual(['one', 'three']);
});

test('once one has renewed the login, the others start at once', async () => {
  await storeLogin(0);
  const { had, take } = record();
  const endOne = await take('one');
  const others = [take('two'), take('three')];
  await reading();
  await storeLogin(60 * MINUTE_MS);
  endOne();
  await Promise.all(others);
  expect(had).toHaveLength(3);
});

/** Longer than reading the file takes: whoever waits does so for another reason. */
function reading() {
  return create()(NEVER).then((end) => end());
}

import { execFileSync } from 'node:child_process';
import { mkdir, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { ask, CALL_NAMES } from '../support/calls.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectRecovered, readSurroundings } from './surroundings.ts';

const DATABASES = [
  'batches.db',
  'history.db',
  'limits.db',
  'requests.db',
  'responses.db',
  'runs.db',
  'sessions.db',
];

const NEEDS_MOUNT =
  'It cannot run here: it needs the right to mount a disk (root with CAP_SYS_ADMIN).';

const canMount = attempt('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);

let product: Product;
let mounted: string | undefined;
afterEach(async () => {
  await product.stopProgram('SIGTERM');
  if (mounted !== undefined) execFileSync('umount', [mounted]);
  mounted = undefined;
  await product.stop();
});

test('a full disk: all is answered, and stored again when there is room', async (ctx) => {
  if (!canMount) ctx.skip(NEEDS_MOUNT);
  product = await startProduct({ prepare: mountSmallDisk, settings: { WORKER_CONCURRENCY: '1' } });
  const kept = await store();
  expect(await isKept(kept)).toBe(true);
  await expectAnswers();
  const file = toKeysFile(join(product.folder, 'state'));
  const { key } = await addKey(file, 'limited', { scopes: ['chat'], requestsPerMinute: 5 });
  expect(await sendThree(key)).toEqual([200, 200, 200]); // and its process is there
  const before = await readSurroundings(product);

  const filler = await fill(join(product.folder, 'state/filler'));
  await expectAnswers();
  expect(await isStored()).toBe(false);
  expect(product.program.output).toContain('could not be stored');
  expect(await sendThree(key)).toEqual([200, 200, 429]);
  expect(await readWarnings()).toEqual(['limits-in-memory', 'nothing-stored']);
  await expectRefused();
  expect(product.program.output).toContain('what keys use is counted in memory');
  await rm(filler);
  expect(await isStored()).toBe(true);
  expect(await readWarnings()).not.toContain('nothing-stored');
  await expectRecovered(product, before);

  const another = await fill(join(product.folder, 'state/filler'));
  await expectAnswers();
  await product.stopProgram('SIGKILL');
  await rm(another);
  product = await product.start();
  expect(await isKept(kept)).toBe(true);
  await expectAnswers();
});

test('a state folder that becomes read-only: all is answered, the next start says what is wrong', async (ctx) => {
  if (!canMount) ctx.skip(NEEDS_MOUNT);
  product = await startProduct({ settings: { ...ONE_EACH } });
  const kept = await store();
  const before = await readSurroundings(product);
  const state = join(product.folder, 'state');
  mount('--bind', state, state);
  mounted = state;
  mount('-o', 'remount,ro,bind', state);

  await expectAnswers();
  expect(product.program.output).toContain('could not be put on record');
  await expectRecovered(product, before);
  await expect(product.restart('SIGTERM')).rejects.toThrow(
    /It ended \(1\): The state folder \S+ cannot be written \(EROFS\): set STATE_DIR .*\n$/,
  );
  mount('-o', 'remount,rw,bind', state);
  product = await product.start();
  expect(await isKept(kept)).toBe(true);
});

test('databases that are damaged are set aside, reported and begun anew', async () => {
  product = await startProduct();
  expect(await isStored()).toBe(true);
  await product.stopProgram('SIGTERM');
  for (const name of DATABASES) {
    await writeFile(join(product.folder, 'state', name), 'This is no database. '.repeat(1000));
  }

  product = await product.start();
  expect((product.program.output.match(/damaged and set aside/g) ?? []).length).toBe(
    DATABASES.length,
  );
  const names = await readdir(join(product.folder, 'state'));
  expect(names.filter((name) => /\.damaged-\d+$/.test(name))).toHaveLength(DATABASES.length);
  expect(await isStored()).toBe(true);
  await expectAnswers();
});

test('a database that is damaged while it is open costs no answer', async () => {
  product = await startProduct();
  expect(await isStored()).toBe(true);
  for (const name of DATABASES) await overwrite(join(product.folder, 'state', name));
  await expectAnswers();
  expect((await fetch(`${product.url}/health`)).status).toBe(200);

  product = await product.restart('SIGKILL');
  expect(await isStored()).toBe(true);
  await expectAnswers();
});

async function expectAnswers() {
  for (const call of CALL_NAMES) {
    const response = await ask(product, call, 'Hello.');
    expect({ call, status: response.status, body: await response.text() }).toMatchObject({
      status: 200,
      body: expect.stringContaining('You said'),
    });
  }
}

/** The statuses of three requests with this key. */
async function sendThree(key: string) {
  const statuses = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const response = await fetch(`${product.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sonnet', input: 'Hello.' }),
    });
    await response.text();
    statuses.push(response.status);
  }
  return statuses;
}

async function readWarnings() {
  const response = await fetch(`${product.url}/ready`);
  return ((await response.json()) as { warnings: string[] }).warnings; // our own route
}

/** What would be lost, or is only a change of what is stored, is refused in one sentence, and not half done. */
async function expectRefused() {
  const run = { model: 'sonnet', prompt: 'Hello.' };
  const key = { name: 'new', scopes: ['chat'] };
  const [limited] = await readKeys();
  const attempts = [
    await product.send('/api/run', { ...run, background: true }),
    await product.send('/api/run', { ...run, onDisconnect: 'continue' }),
    await product.send('/v1/responses', { model: 'sonnet', input: 'Hello.', background: true }),
    await product.send('/api/admin/keys', key),
    await product.send(`/api/admin/keys/${limited?.id}`, undefined, { method: 'DELETE' }),
  ];
  for (const response of attempts) {
    expect({ status: response.status, body: await response.text() }).toEqual({
      status: 503,
      body: expect.stringContaining('its disk is full'),
    });
  }
  expect(await readKeys()).toEqual([limited]);
}

async function readKeys() {
  const response = await product.send('/api/admin/keys');
  return ((await response.json()) as { keys: { id: string }[] }).keys; // our own route
}

/** Whether a response can be asked for again. */
async function isStored() {
  return isKept(await store());
}

/** Makes a response; returns its id. */
async function store() {
  const made = await product.send('/v1/responses', { model: 'sonnet', input: 'Hello.' });
  expect(made.status).toBe(200);
  const { id } = (await made.json()) as { id: string }; // the API's response object
  return id;
}

async function isKept(id: string) {
  return (await product.send(`/v1/responses/${id}`)).status === 200;
}

async function mountSmallDisk(folder: string) {
  const state = join(folder, 'state');
  await mkdir(state);
  mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', state);
  mounted = state;
}

function mount(...args: readonly string[]) {
  execFileSync('mount', args);
}

/** Writes a file until nothing more goes in. */
async function fill(path: string) {
  const file = await open(path, 'w');
  const block = Buffer.alloc(4096);
  const writing = (async () => {
    for (;;) await file.write(block);
  })();
  await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
  await file.close();
  return path;
}

/** Writes over a file in its place, so that who has it open reads it. */
async function overwrite(path: string) {
  for (const part of [path, `${path}-wal`]) {
    const file = await open(part, 'r+').catch(() => undefined);
    const size = (await file?.stat())?.size ?? 0;
    await file?.write(Buffer.alloc(size, 'x'), 0, size, 0);
    await file?.close();
  }
}

function attempt(command: string, args: readonly string[]) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

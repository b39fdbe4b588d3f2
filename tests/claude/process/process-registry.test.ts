import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProcessRegistry } from '../../../src/claude/process/process-registry.ts';
import { readProcessStart } from '../../../src/claude/process/system-processes.ts';

const registryModule = new URL('../../../src/claude/process/process-registry.ts', import.meta.url)
  .href;

const MARK = '5f0a4a5e-0000-4000-8000-000000000000';

let folder: string;
let children: ChildProcess[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-registry-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map(endAndWait));
  await rm(folder, { recursive: true, force: true });
});

test('what a dead server left behind is ended, with all of its group', async () => {
  const { pid, grandchild } = await leaveBehind();
  expect(isAlive(pid)).toBe(true);
  const registry = createProcessRegistry(folder);
  expect(await registry.endLeftBehind()).toBe(1);
  await until(() => !isAlive(pid) && !isAlive(grandchild));
  expect(await readdir(folder)).toEqual([]);
  expect(await registry.endLeftBehind()).toBe(0);
});

test('children of a living server are left alone', async () => {
  const child = await startChild();
  createProcessRegistry(folder).add(child, MARK);
  expect(await createProcessRegistry(folder).endLeftBehind()).toBe(0);
  expect(isAlive(child)).toBe(true);
  expect(await readdir(folder)).toEqual([String(child)]);
});

test('a child that ended is forgotten', async () => {
  const child = await startChild();
  const registry = createProcessRegistry(folder);
  registry.add(child, MARK);
  registry.remove(child);
  registry.remove(child);
  expect(await readdir(folder)).toEqual([]);
});

test('a process that got the pid of a dead child is left alone, and the entry goes', async () => {
  const child = await startChild();
  await writeOrphan(child, { start: 'another time' });
  expect(await createProcessRegistry(folder).endLeftBehind()).toBe(0);
  expect(isAlive(child)).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

test('a server whose pid was given out again counts as dead', async () => {
  const child = await startChild();
  await writeOrphan(child, { start: readProcessStart(child) });
  expect(await createProcessRegistry(folder).endLeftBehind()).toBe(1);
  await until(() => !isAlive(child));
});

test.each(['', '{', '{"pid":1}', '{"pid":-1,"start":"x","owner":{"pid":1,"start":"x"}}'])(
  'a broken entry (%s) goes without harm',
  async (text) => {
    await writeFile(join(folder, '123456'), text);
    expect(await createProcessRegistry(folder).endLeftBehind()).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  },
);

test('an entry holds no more than who it is and who started it', async () => {
  const child = await startChild();
  createProcessRegistry(folder).add(child, MARK);
  expect(JSON.parse(await readFile(join(folder, String(child)), 'utf8'))).toEqual({
    pid: child,
    start: readProcessStart(child),
    mark: MARK,
    owner: { pid: process.pid, start: readProcessStart(process.pid) },
  });
});

test('a start is the same each time it is read, and differs from one process to the next', async () => {
  const child = await startChild();
  expect(readProcessStart(child)).toBe(readProcessStart(child));
  expect(readProcessStart(child)).not.toBe(readProcessStart(process.pid));
});

test('no process, no start', () => {
  expect(readProcessStart(2 ** 30)).toBeUndefined();
});

/** A process that waits, as leader of its own group. */
async function startChild(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("up")'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return toPid(child);
}

/** A server that starts a child, which starts one of its own, and is then killed. */
async function leaveBehind(): Promise<{ pid: number; grandchild: number }> {
  // Even where a test fails, nothing stays for long.
  const wait = 'setTimeout(() => {}, 60_000);';
  const childScript = `
    const { pid } = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(wait)}]);
    console.log(pid); ${wait}`;
  const serverScript = `
    import { spawn } from 'node:child_process';
    import { createProcessRegistry } from ${JSON.stringify(registryModule)};
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(childScript)}], { detached: true });
    createProcessRegistry(${JSON.stringify(folder)}).add(child.pid, 'a mark of its own');
    child.stdout.once('data', (grandchild) => console.log(JSON.stringify([child.pid, Number(grandchild)])));`;
  const server = spawn(process.execPath, ['--input-type=module', '-e', serverScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(server.stdout, 'data');
  server.kill('SIGKILL');
  await once(server, 'exit');
  const [pid, grandchild] = JSON.parse(String(line));
  return { pid, grandchild };
}

async function writeOrphan(pid: number, { start }: { start: string | undefined }): Promise<void> {
  const owner = { pid: process.pid, start: 'a boot long ago' };
  await writeFile(join(folder, String(pid)), JSON.stringify({ pid, start, owner }));
}

async function endAndWait(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function toPid({ pid }: ChildProcess): number {
  if (pid === undefined) {
    throw new Error('The process did not start.');
  }
  return pid;
}

function isAlive(pid: number): boolean {
  return readProcessStart(pid) !== undefined;
}

/** Processes that are not our children tell nobody of their end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

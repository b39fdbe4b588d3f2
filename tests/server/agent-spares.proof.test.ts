import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { UpstreamRequest } from '../../src/demo/model-server.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

let proxy: Proxy;
beforeEach(async () => {
  proxy = await startProxy({ settings: { WARM_PROCESSES: '1' } });
});
afterEach(() => proxy.stop());

test('an agent started like the one before has its process ready, and the session is its own', async () => {
  const first = await run({ allowedTools: ['Read'] });
  const ready = await untilReady();
  expect(ready).not.toContain(first);

  const second = await run({ allowedTools: ['Read'] });
  expect(ready).toEqual([second]);
  const [one, other] = proxy.model.requests.slice(-2).map(toText);
  expect(other).toBe(one);

  await run({ sessionId: second, prompt: 'And now?' });
  expect(toText(proxy.model.requests.at(-1))).toContain('Say hello.');
});

test('one started otherwise does not get it', async () => {
  await mkdir(join(proxy.folder, 'workspace', 'other'), { recursive: true });
  await run({ allowedTools: ['Read'] });
  const ready = await untilReady();
  expect(ready).not.toContain(await run({ allowedTools: ['Read', 'Bash'] }));
  expect(ready).not.toContain(await run({ allowedTools: ['Read'], model: 'opus' }));
  expect(ready).not.toContain(await run({ allowedTools: ['Read'], workingDirectory: 'other' }));
});

test('in a git repository none is started ahead: it would tell the model an old state', async () => {
  const folder = join(proxy.folder, 'workspace');
  const below = join(folder, 'below');
  await mkdir(below, { recursive: true });
  await run({ workingDirectory: 'below' });
  const ready = await untilReady();

  await mkdir(join(folder, '.git'));
  expect(ready).not.toContain(await run({ workingDirectory: 'below' }));
  await vi.waitFor(async () => expect(await readSessionIds()).toEqual([]), 10_000);
});

test('a folder that was replaced by another of its name gets a process of its own', async () => {
  const folder = join(proxy.folder, 'workspace', 'other');
  await mkdir(folder, { recursive: true });
  await run({ workingDirectory: 'other' });
  const ready = await untilReady();
  await rm(folder, { recursive: true });
  await mkdir(join(proxy.folder, 'workspace', 'in-between')); // or the inode would be the same
  await mkdir(folder);
  expect(ready).not.toContain(await run({ workingDirectory: 'other' }));
});

/** The id of the session of a new run. */
async function run(body: Record<string, unknown>): Promise<string> {
  const response = await proxy.send('/api/run', { model: 'sonnet', prompt: 'Say hello.', ...body });
  expect(response.status).toBe(200);
  const { sessionId } = (await response.json()) as { sessionId: string };
  return sessionId;
}

/** Waits for an agent's process started ahead; the ids of the sessions that such ones will have. */
async function untilReady(): Promise<readonly string[]> {
  return vi.waitFor(
    async () => {
      const response = await proxy.send('/api/admin/status');
      const { processes } = (await response.json()) as { processes: { ready: number } };
      expect(processes.ready).toBe(2); // one for chats, one for agents
      return readSessionIds();
    },
    { timeout: 30_000, interval: 50 },
  );
}

async function readSessionIds() {
  const pids = await readdir(join(proxy.folder, 'state', 'processes'));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.flatMap((line) => /--session-id=([\w-]+)/.exec(line)?.[1] ?? []);
}

/** What arrived upstream, without ids. */
function toText(request: UpstreamRequest | undefined) {
  return JSON.stringify(request?.body).replaceAll(/\\"(session|device)_id\\":\\"[\w-]+\\"/g, '');
}

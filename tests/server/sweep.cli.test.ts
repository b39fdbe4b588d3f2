import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { startProxy } from '../support/start-proxy.ts';

test('a server starts beside what is old and cannot be removed', async () => {
  const state = await mkdtemp(join(tmpdir(), 'sweep-'));
  onTestFinished(() => rm(state, { recursive: true }));
  // It stands where a half written file would, and no file is removed like it.
  await mkdir(join(state, 'batch-files', 'folder'), { recursive: true });
  const proxy = await startProxy({ settings: { STATE_DIR: state } });
  onTestFinished(() => proxy.stop());

  expect((await proxy.send('/health')).status).toBe(200);
});

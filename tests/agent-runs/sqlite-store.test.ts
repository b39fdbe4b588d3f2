import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { createRunStore } from '../../src/agent-runs/sqlite/create-run-store.ts';
import { describeRunStore } from './store-suite.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

describeRunStore(async () => {
  const file = join(folder, `${crypto.randomUUID()}.db`);
  return () => createRunStore({ file, onSetAside: () => undefined });
});

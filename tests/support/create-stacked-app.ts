import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';

import { createClaudeBackend } from '../../src/claude/create-claude-backend.ts';
import type { CliProcess, ProcessLaunch } from '../../src/claude/process/cli-process.ts';
import { readConfig } from '../../src/config.ts';
import { createRun } from '../../src/layers/create-run.ts';
import { OWNER } from '../../src/keys/api-key.ts';
import { createCounters } from '../../src/limits/counters.ts';
import { createKeyLimits } from '../../src/limits/key-limits.ts';
import { createGate } from '../../src/layers/gate.ts';
import { countBehindGate } from '../../src/layers/with-gate.ts';
import { countWithModelAliases } from '../../src/layers/with-model-aliases.ts';
import { createProcessRegistry } from '../../src/claude/process/process-registry.ts';
import { createSessionsInMemory } from './stores-in-memory.ts';
import { createSessions } from '../../src/sessions/session-book.ts';
import { createTestApp, type TestApp, type TestParts } from './create-test-app.ts';

/** What every launch begins with here. */
export const BASE = { environment: { PATH: '/bin' }, loginArgs: [] };

export type StackOptions = Pick<TestParts, 'keyStore' | 'settings'> & {
  /** The test's own. */
  folder: string;
  /** Stands where processes are started. */
  startProcess: (launch: ProcessLaunch) => CliProcess;
  /** Told every line of the log. Default: nobody. */
  onLog?: (line: string) => void;
};

/** The app with the server's own stack, up to where a process would be started. */
export function createStackedApp({
  folder,
  startProcess,
  onLog = () => {},
  ...parts
}: StackOptions): TestApp {
  const config = readConfig({ STATE_DIR: folder, HOME: folder, WARM_PROCESSES: '0' });
  const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 1000 });
  const sessions = createSessions({
    store: createSessionsInMemory(),
    ttlMs: 60_000,
    maxPerKey: 10,
    removeTranscript: () => Promise.resolve(),
    readTranscript: () => Promise.resolve({ messages: [], hasMore: false }),
  });
  const log = new PassThrough().on('data', (text: Buffer) => onLog(String(text)));
  const backend = createClaudeBackend({
    config,
    claudePath: '/nowhere/claude',
    claudeFolder: folder,
    base: BASE,
    book: createProcessRegistry(join(folder, 'processes')),
    scratch: {
      empty: folder,
      openTemporary: () => ({ path: folder, remove: async () => undefined }),
    },
    queue: gate,
    startProcess,
  });
  const { run } = createRun({
    config,
    backend,
    sessions,
    gate,
    keys: {
      keys: { get: () => Promise.resolve(OWNER) },
      applyRules: (_key, request) => Promise.resolve(request),
      limits: createKeyLimits({ counters: createCounters() }),
    },
    loginCommand: 'claude auth login',
    stopped: new AbortController().signal,
  });
  return createTestApp({
    run,
    countTokens: countWithModelAliases(
      countBehindGate(backend.countTokens, gate),
      config.modelAliases,
    ),
    sessions,
    log: pino(log),
    ...parts,
  });
}

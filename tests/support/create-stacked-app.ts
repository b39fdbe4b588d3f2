import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';

import { type ChatProcesses, createChatProcesses } from '../../src/claude/chat-processes.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createRun } from '../../src/layers/create-run.ts';
import { OWNER } from '../../src/keys/api-key.ts';
import { createCounters } from '../../src/limits/counters.ts';
import { createKeyLimits } from '../../src/limits/key-limits.ts';
import { createCountTokens } from '../../src/claude/chat/count-tokens.ts';
import { createGate, type Gate } from '../../src/layers/gate.ts';
import { toChatLaunch } from '../../src/claude/launch/launch.ts';
import { withModelAliases } from '../../src/layers/with-model-aliases.ts';
import { createOpenChat } from '../../src/claude/chat/open-chat.ts';
import { createProcessRegistry } from '../../src/claude/process/process-registry.ts';
import type { OpenProcess } from '../../src/claude/process/processes.ts';
import { createSpares } from '../../src/claude/spares.ts';
import { createMemoryStore } from '../../src/sessions/memory-store.ts';
import { createSessions } from '../../src/sessions/session-book.ts';
import { createTestApp, type TestApp, type TestParts } from './create-test-app.ts';

/** What every launch begins with here. */
export const BASE = { environment: { PATH: '/bin' }, loginArgs: [] };

export type StackOptions = Pick<TestParts, 'keyStore' | 'settings'> & {
  /** The test's own. */
  folder: string;
  /** Stands where processes are started. */
  openProcess: OpenProcess;
  /** Told every line of the log. Default: nobody. */
  onLog?: (line: string) => void;
};

/** The app with the server's own stack, up to where a process would be started. */
export function createStackedApp({
  folder,
  openProcess,
  onLog = () => {},
  ...parts
}: StackOptions): TestApp {
  const keys = { get: () => Promise.resolve(OWNER) };
  const config = readConfig({ STATE_DIR: folder, HOME: folder, WARM_PROCESSES: '0' });
  const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 1000 });
  const sessions = createSessions({
    store: createMemoryStore(),
    ttlMs: 60_000,
    maxPerKey: 10,
    removeTranscript: () => Promise.resolve(),
    readTranscript: () => Promise.resolve({ messages: [], hasMore: false }),
  });
  const log = new PassThrough().on('data', (text: Buffer) => onLog(String(text)));
  const chat = createChat({ folder, openProcess }, config, gate);
  return createTestApp({
    run: createRun({
      config,
      chat,
      base: BASE,
      sessions,
      gate,
      obeyKey: (request) => Promise.resolve(request),
      limits: createKeyLimits({ counters: createCounters(), keys }),
      stopped: new AbortController().signal,
    }),
    countTokens: withModelAliases(
      createCountTokens({ spares: chat.spares, gate }),
      config.modelAliases,
    ),
    sessions,
    log: pino(log),
    ...parts,
  });
}

const hasChanged = () => Promise.resolve(false);

const ignore = () => undefined;

function createChat(
  { folder, openProcess }: StackOptions,
  config: Config,
  gate: Gate,
): ChatProcesses {
  const profile = toChatLaunch(BASE, folder);
  const chat = createChatProcesses({
    config,
    claudePath: '/nowhere/claude',
    claudeFolder: folder,
    profile,
    book: createProcessRegistry(join(folder, 'processes')),
    openTemporary: () => ({ path: folder, remove: async () => undefined }),
    gate,
  });
  const spares = createSpares({
    openProcess,
    profile,
    startMs: 1000,
    count: 0,
    load: () => 'none',
    hasRoom: () => false,
    foresee: () => undefined,
  });
  return {
    ...chat,
    spares,
    processes: { ...chat.processes, open: openProcess },
    openChat: createOpenChat({
      kept: chat.kept,
      spares,
      hasChanged,
      retire: ignore,
      remember: ignore,
    }),
  };
}

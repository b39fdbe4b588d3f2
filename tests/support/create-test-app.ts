import { type AppParts, createApp } from '../../src/app.ts';
import type { CliStatus } from '../../src/backend.ts';
import { createBackgroundRuns } from '../../src/responses/background-runs.ts';
import { openHistory } from '../../src/observation/history.ts';
import { openRequests } from '../../src/observation/requests/open-requests.ts';
import { createWatch } from '../../src/observation/watch.ts';
import { createResponsesInMemory } from './stores-in-memory.ts';
import { createResponseBook } from '../../src/responses/response-book.ts';
import type { KeyStore } from '../../src/keys/key-store.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import type { Run } from '../../src/run.ts';
import { createReadKnownStatus } from '../../src/routes/health/known-status.ts';
import { RunError } from '../../src/run-error.ts';
import { NO_BATCHES } from './open-test-batches.ts';
import { createTestRunBook } from './create-test-run-book.ts';

export const APP_KEY = 'app-key-0123456789';

export const CLI_STATUS: CliStatus = {
  isLoggedIn: true,
  account: 'somebody@example.com',
  models: [
    { id: 'claude-opus-5-5', aliases: ['opus', 'default'], displayName: 'Opus 5.5' },
    { id: 'claude-sonnet-5-5', aliases: ['sonnet'], displayName: 'Sonnet 5.5' },
    { id: 'vendor/claude-haiku', aliases: ['haiku'], displayName: 'Haiku' },
  ],
};

const EPOCH = new Date(0).toISOString();

const USAGE = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: undefined };

const queue = () => ({ waiting: 0, running: 0, concurrency: 2 });

/** A run that says a text at once, with no process behind it. */
export const sayHello: Run = async function* hello(request) {
  const agent = { result: 'Hello.', turns: 1, costUsd: 0, permissionDenials: [], stoppedTasks: [] };
  yield {
    type: 'run-start',
    id: 'msg_1',
    model: request.model,
    sessionId: undefined,
    usage: USAGE,
  };
  yield { type: 'part-start', index: 0, part: { type: 'text' } };
  yield { type: 'part-delta', index: 0, delta: 'Hello.' };
  yield { type: 'part-end', index: 0 };
  yield {
    type: 'run-end',
    finish: 'stop',
    stopSequence: undefined,
    usage: USAGE,
    agent: request.agent && { ...agent, structuredOutput: undefined },
  };
};

const noKey = () => Promise.reject(new RunError('not-found', 'There is no key in this test.'));

const noKeys: KeyStore = {
  list: () => Promise.resolve([]),
  add: (name, rules) =>
    Promise.resolve({ id: 'key-12345678', name, createdAt: EPOCH, ...rules, key: 'ccp-of-a-test' }),
  change: noKey,
  rotate: noKey,
  revoke: noKey,
};

export type TestParts = Partial<Omit<AppParts, 'settings' | 'health' | 'responses'>> & {
  health?: Partial<AppParts['health']> & Partial<Pick<AppParts, 'readCliStatus'>>;
  responses?: Partial<AppParts['responses']>;
  settings?: Partial<AppParts['settings']>;
};

/** The app with nothing real behind it; a test names the parts that matter to it. */
export function createTestApp({ settings, health, responses, ...parts }: TestParts = {}) {
  const readCliStatus = parts.readCliStatus ?? (() => Promise.resolve(CLI_STATUS));
  const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  };
  const history = openHistory({ file: ':memory:', onSetAside: () => undefined });
  const requests = openRequests({ file: ':memory:', onSetAside: () => undefined });
  return createApp({
    run: sayHello,
    keys: createKeyBook({ ownerKey: APP_KEY }),
    keyStore: noKeys,
    limits: {
      enter: () => Promise.resolve({ budgetUsd: undefined, leave: () => Promise.resolve() }),
      standing: () => Promise.resolve({}),
      readUses: () => Promise.resolve([]),
    },
    readCliStatus,
    countTokens: () => Promise.resolve(1),
    health: {
      version: '1.2.3',
      cliVersion: '2.1.330',
      startedAtMs: performance.now(),
      queue,
      maxQueueSize: 10,
      isDraining: () => false,
      isCountedInMemory: () => false,
      isStored: () => true,
      planLimits: () => [],
      countSessions: () => Promise.resolve(0),
      isDemo: false,
      readKnownStatus: createReadKnownStatus(health?.readCliStatus ?? readCliStatus),
      ...health,
    },
    sessions: {
      list: () => Promise.resolve([]),
      get: () => Promise.reject(new Error('not part of this test')),
      read: () => Promise.reject(new Error('not part of this test')),
      delete: () => Promise.reject(new Error('not part of this test')),
    },
    idleSessions: { readChanges: noSession, rewind: noSession, fork: noSession },
    responses: {
      book: createResponseBook({
        store: createResponsesInMemory(),
        ttlMs: 60_000,
        maxPerKey: 100,
        maxBytesPerKey: 1_000_000,
      }),
      background: createBackgroundRuns(60_000),
      stopping: new AbortController().signal,
      ...responses,
    },
    runs: createTestRunBook(),
    readMedia: (messages) => Promise.resolve(messages),
    batches: NO_BATCHES,
    watch: createWatch({ queue, processes: () => ({}), history, requests }),
    // Only these methods of pino's are called.
    log: { ...quiet, child: () => quiet } as unknown as AppParts['log'],
    ...parts,
    settings: {
      requestTimeoutMs: 10_000,
      maxBodyBytes: 10_000,
      maxWebSocketsPerKey: 3,
      maxFileBytes: 100_000,
      modelAliases: new Map([['gpt-4o', 'sonnet']]),
      corsOrigins: [],
      host: '127.0.0.1',
      allowedHosts: ['app'], // as the tests' clients call it
      hopHeader: 'x-hop',
      planLimitHeaders: false,
      logContent: false,
      ...settings,
    },
  });
}

const noSession = () => Promise.reject(new RunError('not-found', 'There is no such session.'));

export type TestApp = ReturnType<typeof createTestApp>;

/** Sends a body with the key, as JSON unless headers say otherwise. */
export function post(
  app: TestApp,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return Promise.resolve(
    app.request(path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${APP_KEY}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

/** Asks for a path with the key. */
export function get(
  app: TestApp,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return Promise.resolve(
    app.request(path, { headers: { authorization: `Bearer ${APP_KEY}`, ...headers } }),
  );
}

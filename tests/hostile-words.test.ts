import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { type ChatProcesses, createChatProcesses } from '../src/chat-processes.ts';
import { type Config, readConfig } from '../src/config.ts';
import { createRun } from '../src/create-run.ts';
import { OWNER } from '../src/keys/api-key.ts';
import { RunError } from '../src/run-error.ts';
import { createGate, type Gate } from '../src/runner/gate.ts';
import { type LaunchProfile, toChatLaunch } from '../src/runner/launch.ts';
import { createOpenChat } from '../src/runner/open-chat.ts';
import { createProcessRegistry } from '../src/runner/process-registry.ts';
import type { OpenProcess } from '../src/runner/processes.ts';
import { createSpares } from '../src/runner/spares.ts';
import { createMemoryStore } from '../src/sessions/memory-store.ts';
import { createSessions } from '../src/sessions/session-book.ts';
import { createCounters } from '../src/limits/counters.ts';
import { createKeyLimits } from '../src/limits/key-limits.ts';
import { createTestApp, get, post, type TestApp } from './support/create-test-app.ts';

const MESSAGES = [{ role: 'user', content: 'Hi' }];
const BASE = { environment: { PATH: '/bin' }, loginArgs: [] };

let folder: string;
let app: TestApp;
let lines: string[];
/** What would have been started. */
let launches: LaunchProfile[];
let plainAgent: LaunchProfile;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  app = createApp();
  await post(app, '/api/run', { prompt: 'Hi' });
  [plainAgent] = launches as [LaunchProfile];
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  app = createApp();
});

/** The app with the server's own stack, up to where a process would be started. */
function createApp() {
  lines = [];
  launches = [];
  const keys = { get: () => Promise.resolve(OWNER) };
  const config = readConfig({ STATE_DIR: folder, HOME: folder, WARM_PROCESSES: '0' });
  const gate = createGate({ concurrency: 1, maxQueueSize: 1, queueTimeoutMs: 1000 });
  const sessions = createSessions({
    store: createMemoryStore(),
    ttlMs: 60_000,
    maxPerKey: 10,
    removeTranscript: () => Promise.resolve(),
  });
  const log = new PassThrough().on('data', (text: Buffer) => lines.push(String(text)));
  return createTestApp({
    run: createRun({
      config,
      chat: createChat(config, gate),
      base: BASE,
      sessions,
      gate,
      obeyKey: (request) => Promise.resolve(request),
      limits: createKeyLimits({ counters: createCounters(), keys }),
      stopped: new AbortController().signal,
    }),
    sessions,
    log: pino(log),
  });
}

/** Writes down what would be started, and fails. */
const openProcess: OpenProcess = (profile) => {
  launches.push(profile);
  return Promise.reject(new RunError('overloaded', 'Nothing is started in this test.'));
};

const hasChanged = () => Promise.resolve(false);

const ignore = () => undefined;

function createChat(config: Config, gate: Gate): ChatProcesses {
  const profile = toChatLaunch(BASE, folder);
  const chat = createChatProcesses({
    config,
    claudePath: '/nowhere/claude',
    claudeFolder: folder,
    profile,
    book: createProcessRegistry(join(folder, 'processes')),
    gate,
  });
  const spares = createSpares({
    openProcess,
    profile,
    count: 0,
    load: () => 'none',
    hasRoom: () => false,
    foresee: () => undefined,
  });
  return {
    ...chat,
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

/** A new session's id is the server's own. */
const withoutId = ({ args }: LaunchProfile) => args.filter((arg) => !/session-id/.test(arg));

/** Words that a command line, a shell, a path or a log could take for something else. */
const WORDS = [
  '--help',
  '-p',
  '--dangerously-skip-permissions',
  '=--add-dir=/',
  '../../etc/passwd',
  '/etc/passwd',
  '$(touch pwned)',
  '`id`; rm -rf ~',
  'sonnet --add-dir /',
  'sonnet\n--add-dir=/',
  'sonnet\u0000--add-dir=/',
  '\n{"level":30,"msg":"forged"}',
];

describe.for(WORDS)('%j', (word) => {
  test.for([
    ['/v1/chat/completions', { model: word, messages: MESSAGES }],
    ['/v1/messages', { model: word, messages: MESSAGES, max_tokens: 10 }],
    ['/v1/responses', { model: word, input: 'Hi' }],
    ['/v1/completions', { model: word, prompt: 'Hi' }],
    ['/api/run', { model: word, prompt: 'Hi' }],
  ] as const)('as a model on %s is no model', async ([path, body]) => {
    expect((await post(app, path, body)).status).toBe(404);
    expect(launches).toEqual([]);
  });

  test.for([
    ['sessionId', word],
    ['permissionMode', word],
    ['effort', word],
    ['allowedTools', [word]],
    ['disallowedTools', ['Read', word]],
    ['maxTurns', word],
    ['maxBudgetUsd', word],
  ] as const)('as the %s of an agent is a 400', async ([field, value]) => {
    const response = await post(app, '/api/run', { prompt: 'Hi', [field]: value });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'invalid-request', param: expect.stringContaining(field) },
    });
    expect(launches).toEqual([]);
  });

  test('as the folder of an agent starts nothing', async () => {
    const response = await post(app, '/api/run', { prompt: 'Hi', workingDirectory: word });
    expect([400, 403]).toContain(response.status);
    expect(launches).toEqual([]);
  });

  test('as an agent’s text is not on its command line', async () => {
    const texts = { prompt: word, systemPrompt: word, appendSystemPrompt: word };
    await post(app, '/api/run', { ...texts, outputSchema: { [word]: word } });
    const [launch] = launches;
    expect(launch && withoutId(launch)).toEqual(withoutId(plainAgent));
    expect(launch?.environment).toEqual(plainAgent.environment);
  });

  test('as anything that a chat says changes nothing of its launch', async () => {
    await post(app, '/v1/chat/completions', {
      model: 'sonnet',
      messages: [
        { role: 'system', content: word },
        { role: 'user', content: word, name: word },
      ],
      user: word,
      metadata: { user_id: word },
      stop: [word],
      [word]: word,
    });
    expect(launches).toEqual([toChatLaunch(BASE, folder)]);
  });

  test('as a tool of the caller’s never reaches a command line', async () => {
    const tools = [{ type: 'function', function: { name: word, parameters: { type: 'object' } } }];
    await post(app, '/v1/chat/completions', { model: 'sonnet', messages: MESSAGES, tools });
    expect([[], [toChatLaunch(BASE, folder)]]).toContainEqual(launches); // `-p` is a name as the API has them
  });

  test('as an id in a path finds nothing', async () => {
    const id = encodeURIComponent(word);
    for (const path of [`/api/sessions/${id}`, `/v1/responses/${id}`]) {
      expect((await get(app, path)).status).toBe(404);
    }
  });

  test('in the path of a request is one line of the log', async () => {
    await get(app, `/${encodeURIComponent(word)}`);
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(line.trimEnd()).not.toContain('\n');
    expect(JSON.parse(line)).toMatchObject({ msg: 'request', status: 404 });
  });
});

test('the id of a request is the server’s own, whatever a caller sends', async () => {
  const forged = 'req_forged';
  const headers = { 'x-request-id': forged, 'request-id': forged, 'user-agent': forged };
  const response = await get(app, '/v1/models', headers);
  expect(response.headers.get('x-request-id')).toMatch(/^req_[\da-f]{32}$/);
  expect(response.headers.get('request-id')).not.toBe(forged);
  expect(lines.join('')).not.toContain(forged);
});

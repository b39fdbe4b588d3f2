import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { RunError } from '../../src/run-error.ts';
import { type LaunchProfile, toChatLaunch } from '../../src/claude/launch/launch.ts';
import { MARK_NAME } from '../../src/claude/process/process-mark.ts';
import type { CliProcess, ProcessLaunch } from '../../src/claude/process/cli-process.ts';
import { BASE, createStackedApp } from '../support/create-stacked-app.ts';
import { get, post, type TestApp } from '../support/create-test-app.ts';

const MESSAGES = [{ role: 'user', content: 'Hi' }];

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

function createApp() {
  lines = [];
  launches = [];
  return createStackedApp({ folder, startProcess, onLog: (line) => lines.push(line) });
}

/** Writes down what would be started; it is gone at once. */
function startProcess({ args, environment, folder: cwd }: ProcessLaunch): CliProcess {
  const { TMPDIR: _, [MARK_NAME]: __, ...others } = environment; // each has its own
  launches.push({ args, environment: others, folder: cwd });
  return {
    pid: undefined,
    serve: () => undefined,
    reply: () => undefined,
    onResult: () => undefined,
    send: () => undefined,
    request: () => Promise.reject(new RunError('overloaded', 'Nothing is started in this test.')),
    async *lines() {},
    end: () => Promise.resolve(),
    exited: Promise.resolve('it was not started'),
  };
}

const plainChat = () => toChatLaunch(BASE, folder);

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
    expect(launches).toEqual([plainChat(), plainChat()]); // what the CLI can do is asked first
  });

  test('as a tool of the caller’s never reaches a command line', async () => {
    const tools = [{ type: 'function', function: { name: word, parameters: { type: 'object' } } }];
    await post(app, '/v1/chat/completions', { model: 'sonnet', messages: MESSAGES, tools });
    // `-p` is a name as the API has them.
    expect([[], [plainChat(), plainChat()]]).toContainEqual(launches);
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

import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createCliProcess, type ProcessLaunch } from '../../src/claude/process/cli-process.ts';
import { type ModelServer, startModelServer } from '../../src/demo/model-server.ts';
import { createStackedApp } from '../support/create-stacked-app.ts';
import { post, type TestApp } from '../support/create-test-app.ts';
import { CLAUDE, cleanUp, toCliEnvironment } from '../support/start-proxy.ts';

/** What the two ways are made to take, in milliseconds on the server's clock. */
type Pace = { replayMs: number; startMs: number };

let folder: string;
let model: ModelServer;
let app: TestApp;
let pace: Pace;
let processes: { isReader: boolean; process: ReturnType<typeof createCliProcess> }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threshold-'));
  await mkdir(join(folder, 'home'));
  model = await startModelServer();
  processes = [];
  pace = { replayMs: 0, startMs: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clockMs);
  app = createStackedApp({ folder, startProcess });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(processes.map(({ process }) => process.end()));
  await cleanUp(folder, model);
});

let clockMs = 0;

/** The real CLI; on the clock its start and each replayed message take what the test says. */
function startProcess(launch: ProcessLaunch) {
  const isReader = launch.args.some((arg) => arg.startsWith('--resume'));
  const environment = { ...launch.environment, ...toCliEnvironment(folder, model) };
  const process = createCliProcess({ ...launch, command: CLAUDE, environment });
  processes.push({ isReader, process });
  if (isReader) clockMs += pace.startMs;
  return {
    ...process,
    send(line: object) {
      if ('shouldQuery' in line) clockMs += pace.replayMs;
      process.send(line);
    },
  };
}

/** Asks at the end of so many exchanges that nobody holds; tells whether a new process read them. */
async function isRead(exchanges: number): Promise<boolean> {
  const [asked, begun] = [model.requests.length, processes.length];
  const history = Array.from({ length: exchanges }, (_, index) => [
    { role: 'user', content: `Question ${asked}.${index}` },
    { role: 'assistant', content: `Answer ${index}.` },
  ]).flat();
  const response = await post(app, '/v1/chat/completions', {
    model: 'sonnet',
    messages: [...history, { role: 'user', content: 'Go on.' }],
  });
  expect(response.status).toBe(200);
  expect(JSON.stringify(model.requests.at(-1)?.body)).toContain(`Question ${asked}.0`);
  return processes.slice(begun).some(({ isReader }) => isReader);
}

/** Goes both ways as often as it takes to learn from them. */
async function learn() {
  for (let round = 0; round < 3; round += 1) {
    expect(await isRead(3)).toBe(false);
    expect(await isRead(80)).toBe(true);
  }
}

test('where a replay is slow, shorter histories are read by a new process', async () => {
  pace = { replayMs: 100, startMs: 3000 };
  expect(await isRead(40)).toBe(false);
  await learn();

  expect(await isRead(40)).toBe(true);
  expect(await isRead(20)).toBe(false);
});

test('where a start is slow, longer ones are replayed; one odd moment does not change that', async () => {
  pace = { replayMs: 10, startMs: 1000 };
  await learn();
  expect(await isRead(80)).toBe(false);

  pace = { replayMs: 5000, startMs: 60_000 };
  expect(await isRead(3)).toBe(false);
  expect(await isRead(110)).toBe(true);
  pace = { replayMs: 10, startMs: 1000 };
  expect(await isRead(80)).toBe(false);
  expect(await isRead(110)).toBe(true);
});

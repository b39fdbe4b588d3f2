import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { APIS } from '../../../src/dialects/index.ts';
import { doctor } from '../../../src/cli/doctor/doctor.ts';
import { startModelServer } from '../../../src/demo/model-server.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { createContext } from '../command-context.ts';

const TOOLS = join(import.meta.dirname, '../../../node_modules/.bin');

let folder: string;
let environment: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
  environment = {
    PATH: [TOOLS, process.env['PATH']].join(delimiter),
    HOME: folder,
    STATE_DIR: join(folder, 'state'),
    PORT: '0',
  };
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

test(
  'a healthy machine is green in each API, with the real CLI',
  { timeout: 120_000 },
  async () => {
    const { context, lines } = createContext(['--demo', '--json'], environment);
    const code = await doctor(context);
    const { findings } = JSON.parse(lines.join()) as {
      findings: { name: string; state: string }[];
    };
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(code).toBe(0);
    expect(findings.filter(({ state }) => state === 'ok').map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'login',
        'models',
        'OpenAI chat completions',
        'OpenAI responses',
        'OpenAI completions',
        'Anthropic messages',
        'Agent (/api/run)',
      ]),
    );
  },
);

test('a missing CLI is red, says what to do, and is an exit code', async () => {
  const { context, lines } = createContext([], { ...environment, CLAUDE_PATH: '/nowhere/claude' });
  expect(await doctor(context)).toBe(1);
  const text = lines.join('\n');
  expect(text).toMatch(/^✗ claude CLI: CLAUDE_PATH names \/nowhere\/claude.*\n {2}→ /m);
  expect(text).toMatch(/^- round trips: /m);
});

test('bad settings are red before anything else', async () => {
  const { context, lines } = createContext(['--json'], { ...environment, WORKER_CONCURRENCY: 'x' });
  expect(await doctor(context)).toBe(1);
  expect(JSON.parse(lines.join())).toMatchObject({
    isHealthy: false,
    findings: [{ name: 'settings', state: 'failed', text: expect.stringContaining('WORKER_CON') }],
  });
});

test('a shell whose CLI would call the server itself is red, and nothing is asked', async () => {
  const own = { PORT: '6789', ANTHROPIC_BASE_URL: 'http://127.0.0.1:6789' };
  const { context, lines } = createContext([], { ...environment, ...own });
  expect(await doctor(context)).toBe(1);
  expect(lines.join('\n')).toMatch(/^✗ API address: .*this server itself\n {2}→ Unset/m);
});

test('an API that accepts and stays silent is red once, and the rest is left out', async () => {
  const upstream = await startModelServer({ answer: () => new Promise(() => {}) });
  const { context, lines, warnings } = createContext(['--json', '--timeout', '3'], {
    ...environment,
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    ANTHROPIC_API_KEY: 'a-dummy-key',
    ANTHROPIC_BASE_URL: upstream.url,
  });
  expect(await doctor(context)).toBe(1);
  await upstream.close();
  const { findings } = JSON.parse(lines.join()) as { findings: Finding[] };
  const trips = findings.slice(findings.findIndex(({ name }) => name === 'models') + 1);
  expect(trips.map(({ state }) => state)).toEqual([
    'failed',
    ...APIS.filter(({ trials }) => trials.length > 0)
      .slice(1)
      .map(() => 'skipped'),
  ]);
  expect(trips[0]).toMatchObject({
    text: expect.stringContaining('has not answered within 3.0 s'),
    advice: expect.stringContaining('--timeout'),
  });
  expect(warnings).toEqual([
    'Starting the CLI …',
    expect.stringMatching(/^Asking .*: OpenAI chat completions, at most 3\.0 s …$/),
  ]);
});

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import type { ModelServer } from '../../src/demo/model-server.ts';
import { openServer } from './with-server.ts';

/** Runs the real CLI once, with nothing of this machine in its environment. */
async function runClaude(
  { url }: ModelServer,
  args: readonly string[],
  environment: Record<string, string> = {},
) {
  const home = await mkdtemp(join(tmpdir(), 'demo-cli-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const [config, work] = [join(home, 'config'), join(home, 'work')];
  await Promise.all([mkdir(config), mkdir(work)]);
  return execa(resolve('node_modules/.bin/claude'), ['-p', ...args], {
    cwd: work,
    stdin: 'ignore',
    extendEnv: false,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: home,
      CLAUDE_CONFIG_DIR: config,
      ANTHROPIC_API_KEY: 'dummy',
      ANTHROPIC_BASE_URL: url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
      DISABLE_AUTOUPDATER: '1',
      ...environment,
    },
  });
}

test.each([
  ['thinking as it comes', {}, { type: 'adaptive' }],
  ['thinking turned off', { CLAUDE_CODE_DISABLE_THINKING: '1' }, undefined],
])('the real CLI gets its answer at the first try: %s', async (_name, environment, thinking) => {
  const server = await openServer();
  const { stdout } = await runClaude(server, ['hello there'], environment);
  expect(stdout).toContain('You said: "hello there". This is the demo model');
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.body.thinking?.type).toBe(thinking?.type);
});

test('an agent runs a command with its own Bash tool and reads what it printed', async () => {
  const server = await openServer();
  const prompt = 'please demo:bash=echo $((6 * 7))';
  const { stdout } = await runClaude(server, [prompt, '--allowedTools', 'Bash']);
  expect(stdout).toBe('The tool said: "42". This is the demo model.');
});

test('an agent gives an answer of the shape that it was asked for', async () => {
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
  const { stdout } = await runClaude(await openServer(), [
    'an object please',
    '--output-format=json',
    `--json-schema=${JSON.stringify(schema)}`,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ structured_output: { a: 1 } });
});

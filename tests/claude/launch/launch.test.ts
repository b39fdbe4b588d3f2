import { expect, test } from 'vitest';

import type { AgentOptions } from '../../../src/run.ts';
import { type LaunchBase, toAgentLaunch, toChatLaunch } from '../../../src/claude/launch/launch.ts';
import { toChatRequest } from '../chat-request.ts';

const AGENT: AgentOptions = {
  session: undefined,
  allowedTools: [],
  disallowedTools: [],
  workingDirectory: undefined,
  permissionMode: 'dontAsk',
  systemPrompt: undefined,
  appendSystemPrompt: undefined,
  maxTurns: undefined,
  maxBudgetUsd: undefined,
};

const BASE = { environment: {}, loginArgs: ['--settings=login'] };

test('a chat process gets a model and nothing else', () => {
  const { args, environment, folder } = toChatLaunch(
    { ...BASE, environment: { HOME: '/home/a', TMPDIR: '/t' } },
    '/empty',
  );

  expect(args).toEqual(
    expect.arrayContaining([
      '--safe-mode',
      '--setting-sources=',
      '--tools=',
      '--strict-mcp-config',
      '--no-session-persistence',
      '--permission-mode=dontAsk',
      '--allowedTools=mcp__client',
      '--settings=login',
    ]),
  );
  expect(environment).toMatchObject({
    HOME: '/home/a',
    TMPDIR: '/t',
    CLAUDE_AGENT_SDK_MCP_NO_PREFIX: '1',
    CLAUDE_AGENT_SDK_DISABLE_BUILTIN_AGENTS: '1',
    ENABLE_TOOL_SEARCH: 'false',
  });
  expect(folder).toBe('/empty');
});

const SANDBOXED = { settingSources: [], mcpConfig: undefined, isSandboxed: true };

const launch = (base: LaunchBase) => toAgentLaunch(toChatRequest(), AGENT, base, '/work').args;

test('agents get nothing of the machine, unless the operator lets them', () => {
  expect(launch(BASE)).toEqual(expect.arrayContaining(['--setting-sources=', '--settings=login']));
  expect(launch(BASE).join()).not.toMatch(/mcp-config=|add-dir|sandbox/);

  const loginArgs = ['--settings={"apiKeyHelper":"/bin/key"}'];
  const leave = { settingSources: ['user', 'project'], mcpConfig: '/mcp.json', isSandboxed: true };
  const args = launch({ ...BASE, loginArgs, leave, hiddenPaths: ['/state'] });
  expect(args).toEqual(
    expect.arrayContaining([
      '--setting-sources=user,project',
      '--mcp-config=/mcp.json',
      '--strict-mcp-config', // no others beside those
    ]),
  );
  const settings = args.filter((arg) => arg.startsWith('--settings='));
  expect(settings.map((arg) => JSON.parse(arg.replace('--settings=', '')))).toEqual([
    {
      apiKeyHelper: '/bin/key',
      sandbox: {
        enabled: true,
        failIfUnavailable: true,
        allowUnsandboxedCommands: false,
        autoAllowBashIfSandboxed: false,
        filesystem: { denyRead: ['/state'], allowRead: [], denyWrite: [] },
        credentials: { envVars: [] },
      },
    },
  ]);
});

test('what is hidden is opened only for a folder in it, and never written from a folder around it', () => {
  const base = { ...BASE, loginArgs: [], leave: SANDBOXED, hiddenPaths: ['/srv/state'] };
  const filesystemOf = (folder: string) => {
    const { args } = toAgentLaunch(toChatRequest(), AGENT, base, folder);
    const settings = args.find((arg) => arg.startsWith('--settings='))?.slice('--settings='.length);
    return (JSON.parse(settings ?? '{}') as { sandbox: { filesystem: object } }).sandbox.filesystem;
  };

  expect(filesystemOf('/srv/state/workspace')).toEqual({
    denyRead: ['/srv/state'],
    allowRead: ['/srv/state/workspace'],
    denyWrite: [],
  });
  expect(filesystemOf('/srv')).toEqual({
    denyRead: ['/srv/state'],
    allowRead: [],
    denyWrite: ['/srv/state'],
  });
});

test('no value of a caller can become a flag of its own', () => {
  const { args } = toAgentLaunch(
    toChatRequest({ model: '--dangerously-skip-permissions' }),
    {
      ...AGENT,
      allowedTools: ['--add-dir=/', 'Bash(git log *)'],
      additionalDirectories: ['--bare', '/other'],
      disallowedTools: ['--bare'],
      session: { id: '--resume', isNew: false },
      maxTurns: 3,
      maxBudgetUsd: 0.5,
    },
    BASE,
    '/work',
  );

  expect(args).toEqual(
    expect.arrayContaining([
      '--model=--dangerously-skip-permissions',
      '--allowedTools=--add-dir=/',
      '--allowedTools=Bash(git log *)',
      '--disallowedTools=--bare',
      '--add-dir=--bare',
      '--add-dir=/other',
      '--resume=--resume',
      '--max-turns=3',
      '--max-budget-usd=0.5',
    ]),
  );
  for (const flag of ['--dangerously-skip-permissions', '--add-dir=/', '--bare', '--resume']) {
    expect(args).not.toContain(flag);
  }
});

test.each([
  [undefined, '--no-session-persistence'],
  [{ id: 'a', isNew: true }, '--session-id=a'],
  [{ id: 'a', isNew: false }, '--resume=a'],
])('the session %j: %s', (session, flag) => {
  const { args } = toAgentLaunch(toChatRequest(), { ...AGENT, session }, BASE, '/work');

  expect(args).toContain(flag);
});

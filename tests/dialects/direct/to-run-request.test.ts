import { expect, test } from 'vitest';

import { direct } from '../../../src/dialects/direct/index.ts';
import { BARE_REQUEST, translate } from '../canned-run.ts';
import { complaintOf } from '../complaint.ts';

const SUBAGENT = { description: 'Reviews.', prompt: 'You review.' };

const MCP = { name: 'tickets', url: 'https://tools.example.com/mcp' };

const TOOL = { name: 'weather' };

test('a prompt alone is an agent that may do nothing unasked', () => {
  expect(translate(direct, { prompt: 'Hi' })).toEqual({
    request: {
      ...BARE_REQUEST,
      model: 'default',
      agent: { allowedTools: [], disallowedTools: [], permissionMode: 'dontAsk' },
    },
    isStream: false,
    ignored: [],
  });
});

test('every option reaches the agent', () => {
  const options = {
    systemPrompt: 'S',
    appendSystemPrompt: 'A',
    allowedTools: ['Read', 'Bash(git log *)'],
    disallowedTools: ['mcp__client__f'],
    workingDirectory: 'project',
    additionalDirectories: ['other'],
    maxTurns: 3,
    permissionMode: 'plan',
    maxBudgetUsd: 0.5,
  };
  const sessionId = '019b0104-71bc-4031-8990-9b52d28b6bfc';
  const fields = { prompt: 'Hi', model: 'opus', effort: 'max', stream: true, sessionId };
  const outputSchema = { type: 'object' };
  const agents = {
    reviewer: { ...SUBAGENT, tools: ['Read'], model: 'haiku', maxTurns: 3, effort: 'low' },
  };

  const { request, isStream } = translate(direct, {
    ...options,
    ...fields,
    agents,
    mcpServers: [MCP],
    tools: [TOOL],
    outputSchema,
  });
  expect(isStream).toBe(true);
  expect(request).toMatchObject({
    model: 'opus',
    tools: [{ ...TOOL, inputSchema: { type: 'object' }, path: 'tools.0.inputSchema' }],
    effort: 'max',
    output: { type: 'json', schema: outputSchema, path: 'outputSchema' },
    agent: {
      ...options,
      subagents: agents,
      mcpServers: [{ ...MCP, headers: {} }],
      session: { id: sessionId, isNew: false },
    },
  });
});

test.for<[field: string, fields: object]>([
  ['prompt', { prompt: undefined }],
  ['prompt', { prompt: ' \n' }],
  ['model', { model: '' }],
  ['sessionId', { sessionId: '../../etc/passwd' }],
  ['maxTurns', { maxTurns: 0 }],
  ['maxBudgetUsd', { maxBudgetUsd: -1 }],
  ['effort', { effort: 'enormous' }],
  ['permissionMode', { permissionMode: 'auto' }],
  ['allowedTools', { allowedTools: 'Read' }],
  ['allowedTools.1', { allowedTools: ['Read', '--dangerously-skip-permissions'] }],
  ['allowedTools.0', { allowedTools: ['AskUserQuestion'] }],
  ['disallowedTools.0', { disallowedTools: ['Bash(a\nb)'] }],
  ['allowedTools.0', { allowedTools: ['Bash(x) Write,Edit(z)'] }],
  ['allowedTools.0', { allowedTools: ['Bash(a (b) Write,Edit(c))'] }],
  ['disallowedTools.0', { disallowedTools: ['Read,Write'] }],
  ['outputSchema', { outputSchema: 'object' }],
  ['agents.a b', { agents: { 'a b': SUBAGENT } }],
  ['agents.a.prompt', { agents: { a: { ...SUBAGENT, prompt: ' ' } } }],
  ['agents.a.tools.0', { agents: { a: { ...SUBAGENT, tools: ['Read,Bash'] } } }],
  ['mcpServers', { mcpServers: [MCP, MCP] }],
  ['mcpServers.0.name', { mcpServers: [{ ...MCP, name: 'client' }] }],
  ['mcpServers.0.name', { mcpServers: [{ ...MCP, name: 'a__b' }] }],
  ['mcpServers.0.url', { mcpServers: [{ ...MCP, url: 'file:///etc/passwd' }] }],
  ['mcpServers.0.url', { mcpServers: [{ ...MCP, url: 'https://a:b@example.com/' }] }],
  ['mcpServers.0.url', { mcpServers: [{ ...MCP, url: 'https://example.com/${HOME}' }] }],
  [
    'mcpServers.0.headers.x-key',
    { mcpServers: [{ ...MCP, headers: { 'x-key': '${API_KEY:-a}' } }] },
  ],
  ['mcpServers.0.headers.x-key', { mcpServers: [{ ...MCP, headers: { 'x-key': 'a\r\nb: c' } }] }],
  ['mcpServers.0.headers.Host', { mcpServers: [{ ...MCP, headers: { Host: 'other' } }] }],
  ['tools', { tools: [TOOL, TOOL] }],
  ['tools.0.name', { tools: [{ ...TOOL, name: 'a b' }] }],
  ['tools.0.parameters', { tools: [{ ...TOOL, parameters: {} }] }],
  ...['headersHelper', 'command', 'type', 'oauth'].map(
    (field) =>
      [`mcpServers.0.${field}`, { mcpServers: [{ ...MCP, [field]: 'x' }] }] as [string, object],
  ),
  ...['mcpServers', 'permissionMode', 'memory', 'skills', 'observer', 'background'].map(
    (field) =>
      [`agents.a.${field}`, { agents: { a: { ...SUBAGENT, [field]: 'x' } } }] as [string, object],
  ),
])('names %s: %j', async ([param, fields]) => {
  expect(await complaintOf(direct, { prompt: 'Hi', ...fields })).toMatchObject({
    code: 'invalid-request',
    param,
  });
});

test('an unknown field is refused by its name: a misspelt limit must not pass unseen', async () => {
  expect(await complaintOf(direct, { prompt: 'Hi', maxTurn: 3 })).toMatchObject({
    code: 'invalid-request',
    param: 'maxTurn',
    message: expect.stringContaining('"maxTurn"'),
  });
});

test.each([
  [{ permissionMode: 'ask' }, true],
  [{ permissionMode: 'plan' }, undefined],
  [{ permissionMode: 'plan', stream: true }, true],
  [{ permissionMode: 'plan', background: true }, true],
  [{ permissionMode: 'plan', onDisconnect: 'continue' }, true],
  [{ permissionMode: 'acceptEdits', background: true }, undefined],
])('%j: somebody answers what it asks: %s', (body, expected) => {
  const { request } = translate(direct, { prompt: 'Hi', ...body });
  expect(request.agent?.isAnswered).toBe(expected);
});

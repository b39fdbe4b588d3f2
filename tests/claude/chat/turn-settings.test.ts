import { expect, test } from 'vitest';

import type { RunRequest, ToolChoice } from '../../../src/run.ts';
import type { ChatRequest } from '../../../src/claude/chat/chat-request.ts';
import { toTurnSettings } from '../../../src/claude/chat/turn-settings.ts';
import { toChatRequest } from '../chat-request.ts';

const TOOL = {
  name: 'get_weather',
  description: 'Tells the weather.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
};

/** The settings of one turn; the extra fields of the API request as an object. */
function toSettings(changes: Partial<ChatRequest>) {
  const request = { ...toChatRequest(), ...changes };
  const settings = toTurnSettings(request, 'claude-full-id') as {
    env: Record<string, string>;
  }; // always there
  const extra = settings.env['CLAUDE_CODE_EXTRA_BODY'];
  return { settings, body: extra ? (JSON.parse(extra) as unknown) : {} };
}

test('all settings are named, so that none is left from the turn before', () => {
  expect(toSettings({}).settings).toEqual({
    model: 'claude-full-id',
    effortLevel: null,
    includeCoAuthoredBy: false,
    attribution: { commit: '', pr: '' },
    env: {
      CLAUDE_CODE_DISABLE_THINKING: '1',
      CLAUDE_CODE_MAX_OUTPUT_TOKENS: '',
      CLAUDE_CODE_EXTRA_BODY: '',
    },
  });
});

test.each<[ToolChoice, boolean, unknown]>([
  [{ type: 'auto' }, true, {}],
  [{ type: 'auto' }, false, { tool_choice: { type: 'auto', disable_parallel_tool_use: true } }],
  [{ type: 'none' }, false, { tool_choice: { type: 'none' } }],
  [{ type: 'required' }, true, { tool_choice: { type: 'any' } }],
  [
    { type: 'tool', name: 'get_weather' },
    false,
    { tool_choice: { type: 'tool', name: 'get_weather', disable_parallel_tool_use: true } },
  ],
])('the choice %j (parallel: %s)', (toolChoice, parallelToolCalls, body) => {
  expect(toSettings({ tools: [TOOL], toolChoice, parallelToolCalls }).body).toEqual(body);
});

test('what the CLI enforces, the API is not asked for', () => {
  const schema = { type: 'object' };
  const forced = {
    tools: [TOOL],
    toolChoice: { type: 'tool', name: TOOL.name },
    enforced: { schema, tool: TOOL },
  } as const;
  expect(toSettings(forced).body).toEqual({});
  expect(toSettings({ output: { type: 'json', schema }, enforced: { schema } }).body).toEqual({});
});

test('beside an answer that the CLI enforces, the choice among the tools is still said', () => {
  const changes = {
    tools: [TOOL],
    toolChoice: { type: 'required' },
    enforced: { schema: {} },
  } as const;
  expect(toSettings(changes).body).toEqual({ tool_choice: { type: 'any' } });
});

test.each<[RunRequest['thinking'], string, unknown]>([
  [{ type: 'default' }, '1', {}],
  [{ type: 'off' }, '1', {}],
  [{ type: 'adaptive' }, '', {}],
  [
    { type: 'adaptive', display: 'omitted' },
    '',
    { thinking: { type: 'adaptive', display: 'omitted' } },
  ],
  [
    { type: 'budget', tokens: 2000, display: 'omitted' },
    '',
    { thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' } },
  ],
])('the thinking %j', (thinking, isDisabled, body) => {
  const made = toSettings({ thinking });
  expect(made.settings.env['CLAUDE_CODE_DISABLE_THINKING']).toBe(isDisabled);
  expect(made.body).toEqual(body);
});

test('without tools the API takes no choice', () => {
  expect(toSettings({ toolChoice: { type: 'none' } }).body).toEqual({});
});

test('of the request only what is listed reaches the API', () => {
  const { settings, body } = toSettings({
    instructions: ['A secret.'],
    tools: [TOOL],
    thinking: { type: 'budget', tokens: 2000 },
    effort: 'high',
    serviceTier: 'auto',
    caller: { keyId: 'key-a', user: 'ann', requestId: 'req_1' },
    output: { type: 'json', schema: { type: 'object' } },
    sampling: { temperature: 0, topP: 0.5, topK: 5, stop: ['END'], maxOutputTokens: 3000 },
  });

  expect(settings).toMatchObject({
    effortLevel: 'high',
    env: { CLAUDE_CODE_DISABLE_THINKING: '', CLAUDE_CODE_MAX_OUTPUT_TOKENS: '3000' },
  });
  expect(body).toEqual({
    output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    service_tier: 'auto',
    metadata: { user_id: 'ann' },
    temperature: 0,
    top_p: 0.5,
    top_k: 5,
    stop_sequences: ['END'],
    thinking: { type: 'enabled', budget_tokens: 2000 },
  });
});

import { describe, expect, test } from 'vitest';

import type { RunRequest, ToolChoice } from '../../../src/run.ts';
import { initializeChat, toBinding, toTurnSettings } from '../../../src/claude/chat/bind.ts';
import { createClientTools } from '../../../src/claude/chat/client-tools.ts';
import { createFakeProcess, toChatRequest } from '../chat-request.ts';

const TOOL = {
  name: 'get_weather',
  description: 'Tells the weather.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
};

/** What a process is told at first, and the models that it knows. */
async function bind(changes: Partial<RunRequest>, reply?: unknown) {
  const { process, asked } = createFakeProcess(reply);
  const request = toChatRequest(changes);
  const models = await initializeChat(process, createClientTools(request.tools), request);
  return { initialized: asked[0], models };
}

/** The settings of one turn; the extra fields of the API request as an object. */
function toTurn(changes: Partial<RunRequest>) {
  const settings = toTurnSettings(toChatRequest(changes)) as { env: Record<string, string> }; // always there
  const extra = settings.env['CLAUDE_CODE_EXTRA_BODY'];
  return { settings, body: extra ? (JSON.parse(extra) as unknown) : {} };
}

describe('at first', () => {
  test('the instructions are said in one text, and their absence too', async () => {
    const { initialized } = await bind({ instructions: ['Be brief.', 'Be kind.'] });
    expect(initialized).toMatchObject({ systemPrompt: ['Be brief.\n\nBe kind.'] });
    expect((await bind({})).initialized).toMatchObject({ systemPrompt: [] });
  });

  test('the tools are said', async () => {
    const { initialized } = await bind({ tools: [TOOL] });

    expect(initialized).toMatchObject({ subtype: 'initialize', sdkMcpServers: ['client'] });
  });

  test('a tool that the API does not force is given as a schema', async () => {
    const toolChoice = { type: 'tool', name: TOOL.name, isRefusedByApi: true } as const;
    const { initialized } = await bind({ tools: [TOOL], toolChoice });

    expect(initialized).toMatchObject({
      jsonSchema: { description: TOOL.description, ...TOOL.inputSchema },
    });
  });

  test('the CLI tells the full ids of its models', async () => {
    const reply = { models: [{ value: 'sonnet', resolvedModel: 'claude-sonnet-full-id' }] };

    expect((await bind({}, reply)).models.get('sonnet')).toBe('claude-sonnet-full-id');
    expect((await bind({}, { models: 'something else' })).models.size).toBe(0);
  });
});

const toBound = (changes: Partial<RunRequest>) => toBinding(toChatRequest(changes));

describe('a process is bound to', () => {
  const schema = { type: 'object' };

  test.each<Partial<RunRequest>>([
    { caller: { keyId: 'key-b', user: undefined, requestId: 'req_1' } },
    { caller: { keyId: 'key-a', user: 'ann', requestId: 'req_1' } },
    { instructions: ['Be brief.'] },
    { tools: [TOOL] },
    { output: { type: 'json', schema: undefined } },
    { output: { type: 'json', schema, isRefusedByApi: true } },
  ])('%j', (changes) => {
    expect(toBound(changes)).not.toBe(toBound({}));
  });

  test.each<Partial<RunRequest>>([
    { caller: { keyId: 'key-a', user: undefined, requestId: 'req_2' } },
    { model: 'opus' },
    { effort: 'low' },
    { output: { type: 'json', schema } },
    { toolChoice: { type: 'required' } },
  ])('but not to %j', (changes) => {
    expect(toBound(changes)).toBe(toBound({}));
  });
});

describe('every turn', () => {
  test('all settings are named, so that none is left from the turn before', () => {
    expect(toTurn({}).settings).toEqual({
      model: 'sonnet',
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
    [{ type: 'tool', name: 'get_weather', isRefusedByApi: true }, false, {}],
  ])('the choice %j (parallel: %s)', (toolChoice, parallelToolCalls, body) => {
    expect(toTurn({ tools: [TOOL], toolChoice, parallelToolCalls }).body).toEqual(body);
  });

  test('without tools the API takes no choice', () => {
    expect(toTurn({ toolChoice: { type: 'none' } }).body).toEqual({});
  });

  test('of the request only what is listed reaches the API', () => {
    const { settings, body } = toTurn({
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
});

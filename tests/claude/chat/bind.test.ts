import { describe, expect, test } from 'vitest';

import type { ChatRequest } from '../../../src/claude/chat/chat-request.ts';
import { adapt, bindProcess } from '../../../src/claude/chat/bind.ts';
import {
  createAbilities,
  createFakeChat,
  createFakeProcess,
  toChatRequest,
  toTurn,
} from '../chat-request.ts';

const TOOL = {
  name: 'get_weather',
  description: 'Tells the weather.',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } } },
};
const BRIEF = { instructions: ['Be brief.'] };

const toChanged = (changes: Partial<ChatRequest>) => toTurn({ ...toChatRequest(), ...changes });

/** A process that was bound for such a request, and what it was told. */
async function bind(changes: Partial<ChatRequest>, { isBound = false } = {}) {
  const { process, asked } = createFakeProcess();
  const turn = toChanged(changes);
  const chat = await bindProcess({ process, settings: undefined, isBound }, turn);
  return { chat, asked, turn };
}

describe('at first', () => {
  test('the instructions are said in one text, and their absence too', async () => {
    const { asked } = await bind({ instructions: ['Be brief.', 'Be kind.'] });
    expect(asked).toMatchObject([{ systemPrompt: ['Be brief.\n\nBe kind.'] }]);
    expect((await bind({})).asked).toMatchObject([{ systemPrompt: [] }]);
  });

  test('that they may be others later is said', async () => {
    expect((await bind({})).asked).toMatchObject([{ systemPromptSnapshot: false }]);
  });

  test('the tools are said', async () => {
    const { asked } = await bind({ tools: [TOOL] });

    expect(asked).toMatchObject([{ subtype: 'initialize', sdkMcpServers: ['client'] }]);
  });

  test('what the CLI has to enforce is given as a schema, and its tool not offered', async () => {
    const schema = { type: 'object', title: 'City' };
    const { asked } = await bind({ tools: [TOOL], enforced: { schema, tool: TOOL } });

    expect(asked).toMatchObject([{ subtype: 'initialize', jsonSchema: schema }]);
    expect(asked).not.toMatchObject([{ sdkMcpServers: ['client'] }]);
  });

  test('a process that was told ahead is told nothing, and known to have nothing', async () => {
    const { asked, chat } = await bind({ ...BRIEF, tools: [TOOL] }, { isBound: true });

    expect(asked).toEqual([]);
    expect(chat).toMatchObject({ instructions: undefined, toolsKey: undefined, hadTools: false });
  });
});

describe('a live process', () => {
  test('that has what the turn needs is told nothing', async () => {
    const { chat, asked, turn } = await bind({ ...BRIEF, tools: [TOOL] });
    await adapt(chat, turn, createAbilities());

    expect(asked).toHaveLength(1);
  });

  test('is given instructions, for the model that is set', async () => {
    const { chat, asked } = createFakeChat();
    await adapt(chat, toChanged(BRIEF), createAbilities());

    expect(asked).toEqual([
      {
        subtype: 'set_model',
        model: 'claude-full-id',
        system_prompt: 'Be brief.',
        only_if_model_is_current: true,
      },
    ]);
    expect(chat.instructions).toBe('Be brief.');
  });

  test('is given tools, and answers the calls of just those', async () => {
    const { chat, asked } = createFakeChat();
    const turn = toChanged({ tools: [TOOL] });
    await adapt(chat, turn, createAbilities());

    expect(asked).toMatchObject([{ subtype: 'initialize', sdkMcpServers: ['client'] }]);
    expect(asked[0]).not.toHaveProperty('systemPrompt');
    expect(chat).toMatchObject({ toolsKey: turn.tools.key, hadTools: true });
    expect(chat.tools).toBe(turn.tools.client);
  });

  test('loses its tools, though not that it had some', async () => {
    const { chat, asked } = createFakeChat({ turn: toChanged({ tools: [TOOL] }) });
    await adapt(chat, toChanged({}), createAbilities());

    expect(asked).toEqual([{ subtype: 'mcp_set_servers', servers: {} }]);
    expect(chat).toMatchObject({ toolsKey: undefined, hadTools: true });
  });

  test('that refuses instructions is ended, and its model not tried again', async () => {
    const { chat, countEnds } = createFakeChat();
    chat.process.request = () => Promise.reject(new Error('no'));
    const abilities = createAbilities();

    await expect(adapt(chat, toChanged(BRIEF), abilities)).rejects.toMatchObject({
      code: 'cli-failed',
    });
    expect(countEnds()).toBe(1);
    const next = { ...toChatRequest(), ...BRIEF };
    expect(toTurn(next, abilities)).toMatchObject({ rebinding: 'refused' });
    expect(toTurn(toChatRequest(), abilities)).toMatchObject({ rebinding: 'always' });
    expect(toTurn({ ...next, model: 'opus' }, abilities)).toMatchObject({ rebinding: 'always' });
  });
});

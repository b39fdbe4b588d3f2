import { describe, expect, test } from 'vitest';

import { canUseSpare } from '../../../src/claude/chat/chat-turn.ts';
import type { ChatRequest } from '../../../src/claude/chat/chat-request.ts';
import { toChatRequest, toTurn } from '../chat-request.ts';

const LOOK = { name: 'look', description: undefined, inputSchema: { type: 'object' } };
const BORDER = 'Be __SYSTEM_PROMPT_DYNAMIC_BOUNDARY__ brief.';
const SCHEMA = { type: 'object' };

const toChanged = (changes: Partial<ChatRequest>) => toTurn({ ...toChatRequest(), ...changes });
const keyOf = (changes: Partial<ChatRequest>) => toChanged(changes).tools.key;

test('a model goes by its full id, one that is not known by its name', () => {
  expect(toChanged({ model: 'sonnet' }).model).toBe('claude-full-id');
  expect(toChanged({ model: 'claude-x' }).model).toBe('claude-x');
});

test('the instructions are one text, or none at all', () => {
  expect(toChanged({ instructions: ['a', 'b'] }).instructions).toBe('a\n\nb');
  expect(toChanged({}).instructions).toBeUndefined();
});

describe('the tools of two requests', () => {
  test('are the same with the same words', () => {
    expect(keyOf({ tools: [LOOK] })).toBe(keyOf({ tools: [{ ...LOOK }] }));
  });

  test.each([
    [[{ ...LOOK, name: 'listen' }]],
    [[{ ...LOOK, description: 'Looks.' }]],
    [[{ ...LOOK, inputSchema: { type: 'object', required: ['at'] } }]],
    [[LOOK, { ...LOOK, name: 'listen' }]],
  ])('differ by %j', (tools) => {
    expect(keyOf({ tools })).not.toBe(keyOf({ tools: [LOOK] }));
  });

  test('are none where there are none, or where the CLI enforces one of them', () => {
    expect(keyOf({})).toBeUndefined();
    expect(keyOf({ tools: [LOOK], enforced: { schema: SCHEMA, tool: LOOK } })).toBeUndefined();
    expect(keyOf({ tools: [LOOK], enforced: { schema: SCHEMA } })).toBe(keyOf({ tools: [LOOK] }));
  });
});

describe('a process that knows already that there is nothing to know', () => {
  test.each<Partial<ChatRequest>>([
    {},
    { instructions: ['Be brief.'] },
    { tools: [LOOK] },
    { output: { type: 'json', schema: SCHEMA } },
  ])('serves %j', (changes) => {
    expect(canUseSpare(toChanged(changes))).toBe(true);
  });

  test.each<Partial<ChatRequest>>([{ instructions: [BORDER] }, { enforced: { schema: SCHEMA } }])(
    'does not serve %j',
    (changes) => {
      expect(canUseSpare(toChanged(changes))).toBe(false);
    },
  );
});

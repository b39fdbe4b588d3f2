import { describe, expect, test } from 'vitest';

import type { Caller, Sampling } from '../../../src/run.ts';
import type { ChatRequest } from '../../../src/claude/chat/chat-request.ts';
import { toIdentity } from '../../../src/claude/chat/identity.ts';
import { say, toChatRequest } from '../chat-request.ts';

const TOOL = { name: 'look', description: undefined, inputSchema: { type: 'object' } };

/** What can still be the same as before when a value changes. */
const CHANGED = {
  process: ['process', 'conversation', 'turn'],
  conversation: ['conversation', 'turn'],
  turn: ['turn'],
  nothing: [],
} as const;

/** Another value than that of the plain request, and what changes with it; of each field. */
type Rows<Fields> = { [Name in keyof Required<Fields>]: [Fields[Name], keyof typeof CHANGED] };

const REQUEST: Rows<Omit<ChatRequest, 'sampling' | 'caller'>> = {
  model: ['opus', 'conversation'],
  effort: ['low', 'conversation'],
  thinking: [{ type: 'budget', tokens: 2000 }, 'conversation'],
  instructions: [['Be brief.'], 'turn'],
  tools: [[TOOL], 'turn'],
  toolChoice: [{ type: 'required' }, 'nothing'],
  parallelToolCalls: [false, 'nothing'],
  serviceTier: ['auto', 'nothing'],
  output: [{ type: 'json', schema: { type: 'object' } }, 'nothing'],
  enforced: [{ schema: { type: 'object' } }, 'process'],
  messages: [[say('user', 'Another.')], 'nothing'],
  agent: [undefined, 'nothing'],
  isWhole: [true, 'nothing'],
  isPatient: [true, 'nothing'],
  isPlaced: [true, 'nothing'],
  tags: [['gpu'], 'nothing'],
};

const SAMPLING: Rows<Sampling> = {
  temperature: [0, 'nothing'],
  topP: [0.5, 'nothing'],
  topK: [5, 'nothing'],
  stop: [['END'], 'nothing'],
  maxOutputTokens: [100, 'turn'],
};

const CALLER: Rows<Caller> = {
  keyId: ['key-b', 'process'],
  user: ['ann', 'process'],
  requestId: ['req_2', 'nothing'],
  trace: [{ traceparent: '00-1-2-01' }, 'nothing'],
};

const PLAIN = toChatRequest();

/** The names of the hashes that differ from those of the plain request. */
function findChanged(changes: Partial<ChatRequest>) {
  const [before, after] = [toIdentity(PLAIN), toIdentity({ ...PLAIN, ...changes })];
  return CHANGED.process.filter((name) => before[name] !== after[name]);
}

describe('of the request', () => {
  test.each(Object.entries(REQUEST))('%s', (name, [value, changed]) => {
    expect(findChanged({ [name]: value })).toEqual(CHANGED[changed]);
  });
});

describe('of the sampling', () => {
  test.each(Object.entries(SAMPLING))('%s', (name, [value, changed]) => {
    const sampling = { ...PLAIN.sampling, [name]: value };
    expect(findChanged({ sampling })).toEqual(CHANGED[changed]);
  });
});

describe('of the caller', () => {
  test.each(Object.entries(CALLER))('%s', (name, [value, changed]) => {
    const caller = { ...PLAIN.caller, [name]: value };
    expect(findChanged({ caller })).toEqual(CHANGED[changed]);
  });
});

test('a user who is named like a key is not that key', () => {
  const [one, other] = [
    { ...PLAIN.caller, keyId: 'a', user: 'b' },
    { ...PLAIN.caller, keyId: 'b', user: 'a' },
  ].map((caller) => toIdentity({ ...PLAIN, caller }));
  expect(one?.process).not.toBe(other?.process);
});

test('the same request has the same identity', () => {
  expect(findChanged({})).toEqual([]);
});

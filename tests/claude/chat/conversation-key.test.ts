import { expect, test } from 'vitest';

import type { Message, Part, RunRequest } from '../../../src/run.ts';
import { toConversationKey } from '../../../src/claude/chat/conversation-key.ts';
import { say, toChatRequest } from '../chat-request.ts';

const CALL: Part = { type: 'tool-call', id: 'toolu_1', name: 'look', input: { at: 'it' } };
const TOOL = { name: 'look', description: undefined, inputSchema: { type: 'object' } };

const toKey = (messages: readonly Message[], changes: Partial<RunRequest> = {}) =>
  toConversationKey(toChatRequest(changes), messages);

const reply = (...parts: Part[]): Message[] => [say('user', 'Look.'), { role: 'assistant', parts }];
const text = (said: string): Part => ({ type: 'text', text: said });

test.each<[string, Part[], Part[]]>([
  ['texts in one or in two parts', [text('Let me '), text('see.')], [text('Let me see.')]],
  ['blanks at the borders', [text('Let me see.\n'), CALL], [text('Let me see.'), CALL]],
  ['a blank text', [text(' '), CALL], [CALL]],
  ['thinking', [{ type: 'reasoning', text: 'Hm.', signature: 's' }, text('Yes.')], [text('Yes.')]],
])('%s: the same conversation', (_, one, other) => {
  expect(toKey(reply(...one))).toBe(toKey(reply(...other)));
});

test.each<[string, Part[], Part[]]>([
  ['another word', [text('Yes.')], [text('No.')]],
  ['another place of the call', [text('a'), CALL, text('b')], [text('ab'), CALL]],
  ['other arguments', [CALL], [{ ...CALL, input: { at: 'that' } }]],
  ['another id', [CALL], [{ ...CALL, id: 'toolu_2' }]],
])('%s: another conversation', (_, one, other) => {
  expect(toKey(reply(...one))).not.toBe(toKey(reply(...other)));
});

test.each<Partial<RunRequest>>([
  { caller: { keyId: 'key-b', user: undefined, requestId: 'req_1' } },
  { caller: { keyId: 'key-a', user: 'ann', requestId: 'req_1' } },
  { model: 'opus' },
  { instructions: ['Be brief.'] },
  { tools: [TOOL] },
  { output: { type: 'json', schema: undefined } },
])('%j: another conversation', (changes) => {
  expect(toKey(reply(CALL), changes)).not.toBe(toKey(reply(CALL)));
});

test.each<Partial<RunRequest>>([
  { caller: { keyId: 'key-a', user: undefined, requestId: 'req_2' } },
  { toolChoice: { type: 'required' } },
  { parallelToolCalls: false },
  { effort: 'low' },
])('%j: the same conversation', (changes) => {
  expect(toKey(reply(CALL), changes)).toBe(toKey(reply(CALL)));
});

test('another role: another conversation', () => {
  expect(toKey([say('user', 'a')])).not.toBe(toKey([say('assistant', 'a')]));
});

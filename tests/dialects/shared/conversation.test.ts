import { expect, test } from 'vitest';

import { checkConversation, toTurns } from '../../../src/dialects/shared/conversation.ts';
import type { Message, Part } from '../../../src/run.ts';

const text = (said: string): Part => ({ type: 'text', text: said });
const call = (id: string): Part => ({ type: 'tool-call', id, name: 'f', input: {} });
const result = (callId: string, ...content: { type: 'text'; text: string }[]): Part => ({
  type: 'tool-result',
  callId,
  content,
  isError: false,
});
const user = (...parts: Part[]): Message => ({ role: 'user', parts });
const assistant = (...parts: Part[]): Message => ({ role: 'assistant', parts });

test('neighbours of one role are one turn, with their parts in order', () => {
  expect(toTurns([user(text('a')), user(text('b'), text('c')), assistant(text('d'))])).toEqual([
    user(text('a'), text('b'), text('c')),
    assistant(text('d')),
  ]);
});

test('blank text goes, and the turn with it when nothing is left', () => {
  const said = [user(text('a')), assistant(text('')), user(text(' \n'), text('b')), assistant()];
  expect(toTurns(said)).toEqual([user(text('a'), text('b'))]);
});

test('text that begins or ends with blanks keeps them', () => {
  expect(toTurns([user(text(' a\n'))])).toEqual([user(text(' a\n'))]);
});

test('blank text goes from tool results, which stay', () => {
  const blank = { type: 'text', text: ' ' } as const;
  expect(toTurns([user(result('1', blank))])).toEqual([user(result('1'))]);
});

test('tool results stand before the text of their turn, in their order', () => {
  expect(toTurns([user(text('a'), result('1')), user(text('b'), result('2'))])).toEqual([
    user(result('1'), result('2'), text('a'), text('b')),
  ]);
});

test('what came in is not changed', () => {
  const said = [user(text('a')), user(text('b'))];
  toTurns(said);
  expect(said).toEqual([user(text('a')), user(text('b'))]);
});

test.for<[string, Message[]]>([
  ['one question', [user(text('a'))]],
  ['an assistant who begins', [assistant(text('a')), user(text('b'))]],
  [
    'two calls, answered in any order beside text',
    [user(text('a')), assistant(call('1'), call('2')), user(result('2'), result('1'), text('b'))],
  ],
  [
    'two calls with one id',
    [user(text('a')), assistant(call('1'), call('1')), user(result('1'), result('1'))],
  ],
  [
    'rounds of calls',
    [
      user(text('a')),
      assistant(call('1')),
      user(result('1')),
      assistant(call('2')),
      user(result('2')),
    ],
  ],
])('%s can be carried out', ([, messages]) => {
  expect(() => checkConversation(messages)).not.toThrow();
});

test.for<[string, Message[]]>([
  ['nothing', []],
  ['an assistant at the end', [user(text('a')), assistant(text('b'))]],
  ['a call without a result', [user(text('a')), assistant(call('1')), user(text('b'))]],
  [
    'one of two calls without a result',
    [user(text('a')), assistant(call('1'), call('2')), user(result('1'))],
  ],
  [
    'one of two calls with one id without a result',
    [user(text('a')), assistant(call('1'), call('1')), user(result('1'))],
  ],
  ['a result without a call', [user(result('1'))]],
  [
    'a result that comes a turn too late',
    [
      user(text('a')),
      assistant(call('1')),
      user(text('b')),
      assistant(text('c')),
      user(result('1')),
    ],
  ],
  [
    'two results for one call',
    [user(text('a')), assistant(call('1')), user(result('1'), result('1'))],
  ],
])('%s is refused, naming messages', ([, messages]) => {
  expect(() => checkConversation(messages)).toThrow(
    expect.objectContaining({ code: 'invalid-request', param: 'messages' }),
  );
});

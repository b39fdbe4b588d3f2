import { expect, test } from 'vitest';

import type { Message } from '../../../../src/run.ts';
import { withCallIds } from '../../../../src/claude/chat/upstream-form/call-ids.ts';

const call = (...ids: string[]): Message => ({
  role: 'assistant',
  parts: ids.map((id) => ({ type: 'tool-call', id, name: 'f', input: {} })),
});

const result = (...ids: string[]): Message => ({
  role: 'user',
  parts: ids.map((callId) => ({ type: 'tool-result', callId, content: [], isError: false })),
});

const toIds = (messages: readonly Message[]) =>
  withCallIds(messages).map(({ parts }) =>
    parts.map((part) => {
      if (part.type === 'tool-call') return part.id;
      return part.type === 'tool-result' ? part.callId : '';
    }),
  );

test('ids that are valid and come once stay, in the order in which the results come', () => {
  const messages = [call('toolu_1', 'call-2'), result('call-2', 'toolu_1')];

  expect(withCallIds(messages)).toEqual(messages);
});

test('an id that comes again is another one there', () => {
  const [first, , second, answered] = toIds([
    call('call_1'),
    result('call_1'),
    call('call_1'),
    result('call_1'),
  ]);

  expect(first).toEqual(['call_1']);
  expect(second).toEqual([expect.stringMatching(/^toolu_[\w-]{24}$/)]);
  expect(answered).toEqual(second);
});

test('calls of one reply with the same id are answered in their order', () => {
  const [calls, results] = toIds([call('', ''), result('', '')]);

  expect(new Set(calls).size).toBe(2);
  expect(results).toEqual(calls);
});

test.each(['functions.Read:0', 'call|fc_1.2', '', 'Ärger', ' '])('%j gets a valid id', (id) => {
  const [[made] = []] = toIds([call(id), result(id)]);

  expect(made).toMatch(/^[\w-]+$/);
});

test('different ids stay different, and each is made in the same way again', () => {
  const made = toIds([call('a.b', 'a_b', 'a:b'), result('a.b', 'a_b', 'a:b')]);

  expect(made[0]?.[1]).toBe('a_b');
  expect(new Set(made[0]).size).toBe(3);
  expect(toIds([call('a.b', 'a_b', 'a:b'), result('a.b', 'a_b', 'a:b')])).toEqual(made);
});

import { describe, expect, test } from 'vitest';

import type { Message, Part, ToolCallPart } from '../../../src/run.ts';
import { isSameMessage, toFingerprint } from '../../../src/claude/chat/fingerprint.ts';
import { say } from '../chat-request.ts';

const CALL: ToolCallPart = { type: 'tool-call', id: 'toolu_1', name: 'look', input: { at: 'it' } };
const PICTURE = { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } as const;
const PAGE = { kind: 'text', text: 'A page.' } as const;

const text = (said: string): Part => ({ type: 'text', text: said });
const thought = (said: string): Part => ({ type: 'reasoning', text: said, signature: 's' });
const call = (input: unknown): Part => ({ ...CALL, input });
const result = (changes: Partial<Extract<Part, { type: 'tool-result' }>> = {}): Part => ({
  type: 'tool-result',
  callId: 'toolu_1',
  content: [{ type: 'text', text: 'seen' }],
  isError: false,
  ...changes,
});

const isSame = (held: Message, sent: Message) =>
  isSameMessage(toFingerprint(held), toFingerprint(sent));
const isSameReply = (held: Part[], sent: Part[]) =>
  isSame({ role: 'assistant', parts: held }, { role: 'assistant', parts: sent });
const isSameQuestion = (held: Part[], sent: Part[]) =>
  isSame({ role: 'user', parts: held }, { role: 'user', parts: sent });

describe('a reply comes back the same', () => {
  test.each<[string, Part[], Part[]]>([
    ['texts in one or in two parts', [text('Let me '), text('see.')], [text('Let me see.')]],
    ['blanks at the borders', [text('Let me see.\n'), CALL], [text('Let me see.'), CALL]],
    ['a blank text', [text(' '), CALL], [CALL]],
    ['thinking', [thought('Hm.'), text('Yes.')], [text('Yes.')]],
    ['thinking between texts', [text('Yes'), thought('Hm.'), text('.')], [text('Yes.')]],
    ['nothing but thinking', [thought('Hm.')], []],
  ])('%s', (_, one, other) => {
    expect(isSameReply(one, other)).toBe(true);
    expect(isSameReply(other, one)).toBe(true);
  });

  test.each<[string, Part[], Part[]]>([
    ['another word', [text('Yes.')], [text('No.')]],
    ['blanks inside', [text('Yes, it is.')], [text('Yes,  it is.')]],
    ['another place of the call', [text('a'), CALL, text('b')], [text('ab'), CALL]],
    ['a call more', [CALL], [CALL, { ...CALL, id: 'toolu_2' }]],
    ['a call less', [CALL, { ...CALL, id: 'toolu_2' }], [CALL]],
    ['calls in another order', [CALL, { ...CALL, id: 'b' }], [{ ...CALL, id: 'b' }, CALL]],
    ['another id', [CALL], [{ ...CALL, id: 'toolu_2' }]],
    ['another name', [CALL], [{ ...CALL, name: 'listen' }]],
  ])('but not with %s', (_, one, other) => {
    expect(isSameReply(one, other)).toBe(false);
  });
});

describe('a call comes back the same', () => {
  test.each<[string, unknown, unknown]>([
    ['keys in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
    ['a key more', { a: 1 }, { a: 1, limit: 10 }],
    ['a key more inside', { a: { b: 1 } }, { a: { b: 1, c: null } }],
    ['a key more inside of a list', { a: [{ b: 1 }] }, { a: [{ b: 1, c: [] }] }],
    ['defaults where there was nothing', {}, { a: 1 }],
    ['a long value', { a: 'x'.repeat(1000) }, { a: 'x'.repeat(1000) }],
  ])('%s', (_, given, returned) => {
    expect(isSameReply([call(given)], [call(returned)])).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    ['another value', { a: 1 }, { a: 2 }],
    ['another value inside', { a: { b: [1] } }, { a: { b: [2] } }],
    ['another type', { a: 1 }, { a: '1' }],
    ['nothing in place of a value', { a: 0 }, { a: null }],
    ['a key less', { a: 1, b: 2 }, { a: 1 }],
    ['another key', { a: 1 }, { b: 1 }],
    ['a longer list', { a: [1] }, { a: [1, 2] }],
    ['a shorter list', { a: [1, 2] }, { a: [1] }],
    ['a list in another order', { a: [1, 2] }, { a: [2, 1] }],
    ['an empty list in place of an object', { a: {} }, { a: [] }],
    ['a list in place of an object of its places', { a: ['b'] }, { a: { 0: 'b' } }],
    ['an object in place of a text', { a: '{' }, { a: {} }],
    ['a path that only looks the same', { 'a/1:b': 1 }, { a: { b: 1 } }],
    ['another end of a long value', { a: 'x'.repeat(999) + 'y' }, { a: 'x'.repeat(1000) }],
    ['no object at all', { a: 1 }, undefined],
  ])('but not with %s', (_, given, returned) => {
    expect(isSameReply([call(given)], [call(returned)])).toBe(false);
  });

  test('each of several on its own', () => {
    const second = { ...CALL, id: 'toolu_2', input: { at: 'that' } };
    const swapped = { ...second, input: CALL.input };
    expect(isSameReply([CALL, second], [CALL, { ...second, input: { at: 'that', b: 1 } }])).toBe(
      true,
    );
    expect(isSameReply([CALL, second], [{ ...CALL, input: second.input }, swapped])).toBe(false);
  });
});

describe('what a caller says', () => {
  test.each<[string, Part[], Part[]]>([
    ['blanks', [text('Yes.')], [text('Yes. ')]],
    ['borders of texts', [text('ab')], [text('a'), text('b')]],
    ['another border', [text('a'), text('bc')], [text('ab'), text('c')]],
    ['another picture', [{ type: 'image', source: PICTURE }], [picture({ data: 'BBBB' })]],
    ['another kind of picture', [picture({})], [picture({ mediaType: 'image/gif' })]],
    ['another title', [page('One')], [page('Two')]],
    ['a text in place of a page', [page(undefined)], [text('A page.')]],
    ['the result of another call', [result()], [result({ callId: 'toolu_2' })]],
    ['another result', [result()], [result({ content: [] })]],
    ['an error', [result()], [result({ isError: true })]],
    [
      'a text out of a result',
      [result({ content: [] }), text('seen')],
      [result({ content: [{ type: 'text', text: 'seen' }] })],
    ],
  ])('is taken to the letter: %s', (_, one, other) => {
    expect(isSameQuestion(one, other)).toBe(false);
    expect(isSameQuestion(one, one)).toBe(true);
  });

  test('is the same wherever it stood in the request', () => {
    const [one, other] = [{ path: 'messages.0' }, { path: 'input.4' }];
    expect(isSameQuestion(toPlaced(one), toPlaced(other))).toBe(true);
  });

  test('is not what the model said', () => {
    expect(isSame(say('user', 'a'), say('assistant', 'a'))).toBe(false);
  });
});

test('what is remembered of a message does not grow with its texts', () => {
  const long = 'x'.repeat(100_000);
  const parts: Part[] = [text(long), call({ a: long })];
  const { hash, calls } = toFingerprint({ role: 'assistant', parts });
  expect(JSON.stringify([hash, calls.map((one) => [...one])]).length).toBeLessThan(300);
});

function picture(changes: Partial<typeof PICTURE> | Record<string, string>): Part {
  return { type: 'image', source: { ...PICTURE, ...changes } };
}

function page(title: string | undefined): Part {
  return { type: 'document', source: PAGE, title };
}

function toPlaced(place: { path: string }): Part[] {
  return [
    { ...picture({}), ...place },
    { ...page('One'), ...place },
    result({ content: [{ type: 'image', source: PICTURE, ...place }] }),
  ];
}

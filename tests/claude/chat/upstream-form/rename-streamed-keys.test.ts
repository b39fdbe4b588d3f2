import { array, assert, constantFrom, dictionary, integer, nat, oneof, property } from 'fast-check';
import { expect, test } from 'vitest';

import { renameArguments } from '../../../../src/claude/chat/upstream-form/property-keys.ts';
import { renameStreamedKeys } from '../../../../src/claude/chat/upstream-form/rename-streamed-keys.ts';

const KEYS = new Map([
  ['_top', '$top'],
  ['a', 'the "a"'],
]);

function stream(json: string, size: number) {
  const keys = renameStreamedKeys(KEYS);
  let out = '';
  for (let at = 0; at < json.length; at += size) out += keys.add(json.slice(at, at + size));
  return out + keys.end();
}

test('what is streamed in pieces of any size is what the whole would be', () => {
  const key = constantFrom('_top', 'a', '$top', 'say "it"', 'back\\slash', '{', ',_top');
  const value = oneof(key, dictionary(key, key), array(dictionary(key, key)), integer());
  assert(
    property(dictionary(key, value), nat(5), constantFrom(0, 2), (object, size, indent) => {
      const json = JSON.stringify(object, undefined, indent);
      expect(JSON.parse(stream(json, size + 1))).toEqual(renameArguments(object, KEYS));
    }),
  );
});

test.each(['', '{', '{"_top', '{"_top\\', '[{"_top":1}]', '"_top"', '{"b":"_top"}', 'no JSON'])(
  '%j passes as it is',
  (json) => {
    expect(stream(json, 1)).toBe(json);
  },
);

import { expect, test } from 'vitest';

import { splitLines } from '../../src/common/split-lines.ts';

const TEXT = 'one\n\ntwo \u2028 \u2029 \u0085 three\r\ngrüße 🙂\nlast';
const LINES = ['one', '', 'two \u2028 \u2029 \u0085 three\r', 'grüße 🙂', 'last'];

async function* cut(bytes: Uint8Array, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const read = async (bytes: Uint8Array, size: number) =>
  (await Array.fromAsync(splitLines(cut(bytes, size)))).flat();

const toLines = (text: string) => read(new TextEncoder().encode(text), 4);

test.each([1, 2, 3, 7, 1000])(
  'splits at \\n only, however the bytes come: %d a time',
  async (size) => {
    expect(await read(new TextEncoder().encode(TEXT), size)).toEqual(LINES);
  },
);

test('a last line without its end counts, an empty one does not', async () => {
  expect(await toLines('a\nb')).toEqual(['a', 'b']);
  expect(await toLines('a\nb\n')).toEqual(['a', 'b']);
  expect(await toLines('')).toEqual([]);
});

test('a line that does not end is refused before it fills the memory; one after the other may be long', async () => {
  const bytes = new TextEncoder().encode('12345678\n12345678\n1234567890');
  const reading = Array.fromAsync(splitLines(cut(bytes, 3), 9));
  await expect(reading).rejects.toThrow('longer than 9 characters');
  expect(await Array.fromAsync(splitLines(cut(bytes, 3), 10))).toHaveLength(3);
});

test('bytes that are no UTF-8 do not end the reading', async () => {
  const bytes = new Uint8Array([0xff, 0xfe, 10, 0x61, 10, 0xe2]);
  expect(await read(bytes, 1)).toEqual(['\ufffd\ufffd', 'a', '\ufffd']);
});

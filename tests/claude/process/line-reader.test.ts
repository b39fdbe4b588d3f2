import { expect, test } from 'vitest';

import { createLineReader } from '../../../src/claude/process/line-reader.ts';
import { messageStart, messageStop, result, say } from '../cli-lines.ts';

const LINES = [messageStart(), messageStop(), result()];
const types = (lines: readonly { type: string }[]) => lines.map(({ type }) => type);

test('a line that was looked at is still the next one', async () => {
  const reader = createLineReader(say(LINES));
  expect(await reader.peek()).toBe(await reader.peek());

  expect(types(await Array.fromAsync(reader))).toEqual(types(LINES));
});

test('one that was skipped is not', async () => {
  const reader = createLineReader(say(LINES));
  await reader.peek();
  reader.skip();

  expect(types(await Array.fromAsync(reader))).toEqual(types(LINES.slice(1)));
});

test('who stops reading leaves the rest to the next', async () => {
  const reader = createLineReader(say(LINES));
  for await (const line of reader) {
    if (line.type === 'stream_event' && line.event.type === 'message_stop') break;
  }

  expect(types(await Array.fromAsync(reader))).toEqual(['result']);
  expect(await reader.peek()).toBeUndefined();
});

import { expect, test } from 'vitest';

import { createLineQueue, createLineReader } from '../../../src/claude/process/lines.ts';
import { messageStart, messageStop, result, say } from '../cli-lines.ts';

const LINES = [messageStart(), messageStop(), result()];
const types = (lines: readonly { type: string }[]) => lines.map(({ type }) => type);

test('what is put in comes out in order, whoever is first', async () => {
  const queue = createLineQueue<number>(10);
  void queue.push(1);
  void queue.push(2);
  const reader = queue.items();
  expect([await reader.next(), await reader.next()]).toMatchObject([{ value: 1 }, { value: 2 }]);
  const third = reader.next();
  void queue.push(3);
  expect(await third).toMatchObject({ value: 3 });
});

test('a reader that was left goes on where it was', async () => {
  const queue = createLineQueue<number>(10);
  for (const item of [1, 2, 3]) void queue.push(item);
  for await (const item of queue.items()) if (item === 1) break;
  queue.end();

  expect(await Array.fromAsync(queue.items())).toEqual([2, 3]);
});

test('a writer is held back while more wait than may, until they are read', async () => {
  const queue = createLineQueue<number>(2);
  expect([queue.push(1), queue.push(2)]).toEqual([undefined, undefined]);
  let hasRoom = false;
  const room = noteRoom();
  async function noteRoom() {
    await queue.push(3);
    hasRoom = true;
  }
  const reader = queue.items();
  await reader.next();
  await reader.next();
  expect(hasRoom).toBe(false);
  await reader.next();
  await room;

  expect(hasRoom).toBe(true);
});

test('the end releases reader and writer', async () => {
  const queue = createLineQueue<number>(0);
  const room = queue.push(1);
  queue.end();
  await room;
  expect(queue.push(2)).toBeUndefined();
  expect(await Array.fromAsync(queue.items())).toEqual([1]);

  const other = createLineQueue<number>(0);
  const next = other.items().next();
  other.end();
  expect(await next).toEqual({ done: true, value: undefined });
});

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

import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { toUpstreamTool } from '../../src/claude/chat/upstream-form/upstream-tool.ts';
import { readClientEvent } from '../../src/routes/responses/client-event.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

/** Longest time, in milliseconds, for which one request may hold up all others. */
const LONGEST_MS = 100;

/** What Node reads of a socket at a time. */
const PIECE_BYTES = 65_536;

const app = createTestApp({ settings: { maxBodyBytes: 33_554_432 } });

const list = (count: number, text: string) => Array.from({ length: count }, () => text).join(',');
const fields = (count: number) => Array.from({ length: count }, (_, i) => `"key${i}":1`).join(',');
const tools = (count: number) =>
  Array.from(
    { length: count },
    (_, i) => `{"name":"t${i}","input_schema":{"type":"object","properties":{"a":{}}}}`,
  ).join(',');

/** A body of `/v1/messages` with these parts in its one message. */
const withParts = (parts: string, more = '') =>
  `{"model":"sonnet","max_tokens":1,"messages":[{"role":"user","content":[${parts}]}]${more}}`;

const TEXT = '{"type":"text","text":"x"}';
const IMAGE = '{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}';
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Bodies, and the statuses of their answers; a tenth of each goes first, since cold code is slow. */
const SHAPES: Readonly<Record<string, [(scale: number) => string, status: number]>> = {
  'right parts': [(scale) => withParts(list(30_000 * scale, TEXT)), 200],
  'too many parts': [(scale) => withParts(list(1_000_000 * scale, TEXT)), 413],
  'wrong parts': [(scale) => withParts(list(45_000 * scale, '{}')), 400],
  'too many wrong parts': [(scale) => withParts(list(8_000_000 * scale, '{}')), 413],
  'wrong numbers': [(scale) => withParts(list(90_000 * scale, '1')), 400],
  'a deep field': [(scale) => withParts(TEXT, `,"metadata":${nested(90_000 * scale)}`), 400],
  'too deep to count': [(scale) => withParts(TEXT, `,"x":${nested(10_000_000 * scale)}`), 413],
  'a long text': [
    (scale) => withParts(`{"type":"text","text":"${'x'.repeat(30_000_000 * scale)}"}`),
    200,
  ],
  'a long text of escapes': [
    (scale) => withParts(`{"type":"text","text":"${String.raw`x\n`.repeat(6_000_000 * scale)}"}`),
    200,
  ],
  'many fields': [(scale) => withParts(TEXT, `,"metadata":{${fields(9000 * scale)}}`), 200],
  'many fields of its own': [(scale) => withParts(TEXT, `,${fields(9000 * scale)}`), 200],
  'too many fields': [(scale) => withParts(TEXT, `,"x":{${fields(1_000_000 * scale)}}`), 413],
  'many tools': [(scale) => withParts(TEXT, `,"tools":[${tools(12_000 * scale)}]`), 200],
  'many images': [(scale) => withParts(list(19_000 * scale, IMAGE)), 200],
};

test.each(Object.keys(SHAPES))('%s hold up nobody for long', async (name) => {
  const [toBody, status] = SHAPES[name] ?? [() => '', 0];
  await (await send(toBody(0.1))).text();

  const body = toBody(1);
  let answered = 0;
  const longestMs = await measure(async () => {
    answered = (await send(body)).status;
  });
  expect(answered).toBe(status);
  expect(longestMs).toBeLessThan(LONGEST_MS);
});

const MESSAGES: Readonly<Record<string, string>> = {
  'a long text': 'x'.repeat(30_000_000),
  'a long text of escapes': String.raw`x\n`.repeat(9_000_000),
};

const toText = (input: string) =>
  JSON.stringify({ type: 'response.create', model: 'sonnet' }).replace('}', `,"input":"${input}"}`);

test.each(Object.keys(MESSAGES))('%s over a WebSocket holds up nobody for long', async (name) => {
  await readClientEvent(toText('x'.repeat(5_000_000)));
  const text = toText(MESSAGES[name] ?? '');
  let read: unknown;
  const longestMs = await measure(async () => {
    read = await readClientEvent(text);
  });
  expect(read).toMatchObject({ body: { model: 'sonnet' }, isGenerating: true });
  expect(longestMs).toBeLessThan(LONGEST_MS);
});

const references = (count: number, to: string) =>
  Array.from({ length: count }, (_, i) => ({ $ref: `#/$defs/${to}${i}` }));
const named = (count: number, toOne: (index: number) => object) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i}`, toOne(i)]));
const properties = (count: number, before = '') =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${before}${i}`, {}]));

/** Schemas of tools, of a size. */
const SCHEMAS: Readonly<Record<string, (size: number) => Record<string, unknown>>> = {
  'references to each other': (size) => ({
    anyOf: references(1, 'd'),
    $defs: named(size / 100, () => ({ allOf: references(size / 100, 'd'), properties: { a: {} } })),
  }),
  'references to the same': (size) => ({
    anyOf: Array.from({ length: size }, () => ({ $ref: '#/$defs/d0' })),
    $defs: named(1, () => ({ properties: properties(size) })),
  }),
  'branches that share names': (size) => ({
    anyOf: Array.from({ length: size }, (_, i) => ({ properties: { a: { const: i } } })),
  }),
  'names that the API does not take': (size) => ({ properties: properties(size, '!'.repeat(70)) }),
  'names that are all required': (size) => ({ required: Object.keys(properties(size)) }),
};

test.each(Object.keys(SCHEMAS))('a tool with %s holds up nobody for long', (name) => {
  const toSchema = SCHEMAS[name] ?? (() => ({}));
  const translate = (size: number) =>
    toUpstreamTool({ name, description: '', inputSchema: toSchema(size), path: 'tools.0' }, 'tool');
  for (const size of [100, 200, 300]) translate(size);

  const before = process.threadCpuUsage();
  const { tool } = translate(3000);
  const { user, system } = process.threadCpuUsage(before);
  expect(JSON.stringify(tool).length).toBeLessThan(1_000_000);
  expect((user + system) / 1000).toBeLessThan(LONGEST_MS);
});

/** Sends a body in pieces, as they come from a socket. */
function send(text: string) {
  const bytes = new TextEncoder().encode(text);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await setImmediate();
      controller.enqueue(bytes.subarray(sent, sent + PIECE_BYTES));
      sent += PIECE_BYTES;
      if (sent >= bytes.length) controller.close();
    },
  });
  const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' };
  return app.request('/v1/messages', { method: 'POST', headers, body, duplex: 'half' });
}

/**
 * The longest piece of work between two turns of the event loop, in milliseconds of this thread's
 * processor time: a busy machine makes the clock's time longer, not this one.
 */
async function measure(work: () => Promise<void>) {
  const state = { isDone: false };
  let longestMs = 0;
  const worked = work().finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) {
    const before = process.threadCpuUsage();
    await setImmediate();
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
  }
  await worked;
  return longestMs;
}

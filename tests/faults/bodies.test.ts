import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { readFailure } from '../failures/read-failure.ts';
import { ONE_EACH, KEY } from '../support/start-proxy.ts';
import { DIALECTS, type DialectName, DIALECT_NAMES } from './dialects.ts';
import { type Product, startProduct } from './start-product.ts';
import {
  expectRecovered,
  expectReleased,
  readSurroundings,
  type Surroundings,
} from './surroundings.ts';

let product: Product;
let before: Surroundings;
beforeAll(async () => {
  product = await startProduct({
    settings: { ...ONE_EACH, WORKER_CONCURRENCY: '1', REQUEST_TIMEOUT_MS: '20000' },
  });
  // Large bodies are checked in a thread, which stays: it has been there before.
  await product.send('/v1/messages', undefined, { method: 'POST', body: nest(90_000) });
  before = await readSurroundings(product);
});
afterAll(async () => {
  await expectRecovered(product, before).finally(() => product.stop());
});

/** What is sent → the status and the words of the refusal. */
const BODIES: Readonly<Record<string, () => RequestInit & { status: number; says: RegExp }>> = {
  'one byte too large': () => ({
    body: 'x'.repeat(33_554_433),
    // Where the connection stays open, the server reads on until the caller has said all.
    headers: { connection: 'keep-alive' },
    status: 413,
    says: /too large|larger/,
  }),
  'no JSON': () => ({ body: '{"model": "sonnet", ', status: 400, says: /JSON/ }),
  empty: () => ({ body: '', status: 400, says: /./ }),
  'a list': () => ({ body: '[1, 2]', status: 400, says: /object/ }),
  'nested a million deep': () => ({ body: nest(1_000_000), status: 413, says: /values/ }),
  'nested as deep as it may be long': () => ({ body: nest(90_000), status: 400, says: /./ }),
  'nested deep inside a field': () => ({
    body: `{"model":"sonnet","metadata":${nest(40_000)},"messages":${nest(40_000)}}`,
    status: 400,
    says: /./,
  }),
  'Latin 1': () => ({
    body: Buffer.from('{"model":"sonnet","messages":"Gr\u00fc\u00dfe"}', 'latin1'),
    status: 400,
    says: /./,
  }),
  'UTF-16': () => ({ body: Buffer.from('{"model":"sonnet"}', 'utf16le'), status: 400, says: /./ }),
  'declared as another charset': () => ({
    body: Buffer.from('{"model":"sonnet"}', 'utf16le'),
    headers: { 'content-type': 'application/json; charset=utf-16' },
    status: 400,
    says: /./,
  }),
  compressed: () => ({
    body: gzipSync('{"model":"sonnet"}'),
    headers: { 'content-encoding': 'gzip' },
    status: 400,
    says: /./,
  }),
};

describe.each(DIALECT_NAMES)('%s', (name) => {
  test.each(Object.keys(BODIES))('a body that is %s is refused', async (kind) => {
    const { status, says, ...init } = BODIES[kind]?.() ?? { status: 0, says: /^$/ };
    const { path } = DIALECTS[name];
    const failure = await readFailure(
      await product.send(path, undefined, { method: 'POST', ...init }),
    );
    expect(failure).toMatchObject({ status, message: expect.stringMatching(says) });
  });

  test('a tool whose schema is nested deep is refused', async () => {
    const { path, toBody } = DIALECTS[name];
    const text = JSON.stringify(toBody('Hi'));
    const tool = toTool(name, `{"type":"object","properties":${nest(20_000, '{"a":', '}')}}`);
    const body = `${text.slice(0, -1)},"tools":[${tool}]}`;
    const failure = await readFailure(
      await product.send(path, undefined, { method: 'POST', body }),
    );
    expect(failure).toMatchObject({ status: 400 });
  });
});

test('a body that is never finished ends with REQUEST_TIMEOUT_MS', async () => {
  const answer = await sendRaw('content-length: 1000\r\n', '{"model":');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  await expectReleased(product, before);
});

test('a body in chunks of which the last never comes ends with REQUEST_TIMEOUT_MS', async () => {
  const answer = await sendRaw('transfer-encoding: chunked\r\n', '5\r\n{"mod\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  await expectReleased(product, before);
});

test.each([
  ['of 20 KB', `x-much: ${'y'.repeat(20_000)}\r\n`, /^HTTP\/1\.1 431 /],
  // Who still sends when the server closes may lose the answer to the reset.
  ['of a megabyte', `x-much: ${'y'.repeat(1_000_000)}\r\n`, /^(HTTP\/1\.1 431 |cut)/],
  ['of which there are thousands', 'x-many: z\r\n'.repeat(5000), /^HTTP\/1\.1 431 /],
  ['that are no headers', 'this is no header\r\n', /^HTTP\/1\.1 400 /],
] as const)('headers %s are refused', async (_, headers, status) => {
  expect(await sendRaw(headers, '')).toMatch(status);
  await expectReleased(product, before);
});

/** Says a request by hand, and leaves the connection open until the answer is there, or `cut`. */
async function sendRaw(headers: string, body: string) {
  const { hostname, port } = new URL(product.url);
  const socket = connect(Number(port), hostname);
  const isCut = once(socket, 'close').catch(() => undefined);
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nhost: ${hostname}\r\nx-api-key: ${KEY}\r\n` +
      `content-type: application/json\r\n${headers}\r\n${body}`,
  );
  const answered = once(socket, 'data').catch(() => undefined); // an error closes it, too
  const [answer] = ((await Promise.race([answered, isCut])) ?? []) as unknown[];
  socket.destroy();
  return Buffer.isBuffer(answer) ? answer.toString('latin1') : 'cut';
}

function nest(depth: number, open = '[', close = ']') {
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

function toTool(name: DialectName, schema: string) {
  if (name === 'messages') return `{"name":"look","input_schema":${schema}}`;
  if (name === 'responses') return `{"type":"function","name":"look","parameters":${schema}}`;
  return `{"type":"function","function":{"name":"look","parameters":${schema}}}`;
}

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readFailure } from '../failures/read-failure.ts';
import { ask } from '../support/calls.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { createStub, type Stub, type StubCli } from '../support/stub-cli.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectReleased, readSurroundings, type Surroundings } from './surroundings.ts';

const TEXT = 'Hello from the stub.';

let stub: Stub;
let product: Product;
let before: Surroundings;
beforeAll(async () => {
  stub = await createStub(misbehave);
  product = await startProduct({
    settings: { ...ONE_EACH, CLAUDE_PATH: stub.path, WORKER_CONCURRENCY: '1' },
  });
  before = await readSurroundings(product);
});
afterAll(async () => {
  await product.stop();
  await stub.remove();
});

test.each([
  'garbage and half lines',
  'binary',
  'a line of 50 MB that means nothing',
  'a flood on stderr',
  'death in the first byte, once',
])('%s: the answer comes all the same', async (fault) => {
  const response = await ask(product, 'chat completions', `<${fault}>`);
  expect({ status: response.status, body: await response.text() }).toEqual({
    status: 200,
    body: expect.stringContaining(TEXT),
  });
  await expectSound();
});

test('a line of 50 MB that is the answer: it arrives whole', async () => {
  const response = await ask(product, 'messages', '<a line of 50 MB of text>');
  expect((await response.text()).length).toBeGreaterThan(50_000_000);
  await expectSound();
});

test.each(['a line without an end', 'death in the first byte'])('%s: a 503', async (fault) => {
  const response = await ask(product, 'messages', `<${fault}>`);
  expect(await readFailure(response)).toMatchObject({
    status: 503,
    message: expect.stringContaining('claude CLI'),
  });
  await expectSound();
});

test('words that stop in the middle: the stream ends with the error', async () => {
  const response = await ask(product, 'messages', '<death behind the first words>', {
    stream: true,
  });
  const body = await response.text();
  expect(body).toContain(TEXT);
  expect(body).toMatch(/event: error\ndata: .*claude CLI ended[^\n]*\n\n$/);
  await expectSound();
});

async function expectSound() {
  expect((await ask(product, 'messages', 'Hi')).status).toBe(200);
  await expectReleased(product, before);
}

/** Runs in the stub: what the prompt names is what it does. */
function misbehave(cli: StubCli) {
  const LINE = 50_000_000;
  const answer = cli.onUser.bind(cli);
  const [first = {}, ...rest] = cli.toTextLines('Hello from the stub.');
  const faults: Record<string, () => void> = {
    'garbage and half lines'() {
      cli.say('Warning: not JSON\n\n{"half": \n[]\nnull\n"text"\n{}\n{"type":"result"}\n');
      cli.say({ type: 'something_new', payload: { type: 'result', is_error: true } });
    },
    binary() {
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => (index * 7919) % 256);
      cli.say(bytes);
      cli.say('\n');
    },
    'a line of 50 MB that means nothing'() {
      cli.say(Buffer.alloc(LINE, 'x'));
      cli.say('\n');
    },
    'a line of 50 MB of text'() {
      for (const line of cli.toTextLines('y'.repeat(LINE))) cli.say(line);
    },
    'a flood on stderr'() {
      cli.stderr('noise '.repeat(2_000_000));
    },
    'a line without an end'() {
      // Far more than is read, and yet it must end when nobody reads it.
      for (let count = 0; count < 40; count += 1) cli.say(Buffer.alloc(5_000_000, 'z'));
    },
    'death in the first byte, once'() {
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
      const mark = `${process.env['HOME']}/died`;
      if (existsSync(mark)) return answer({ type: 'user' });
      writeFileSync(mark, '');
      cli.say(JSON.stringify(first).slice(0, 30));
      setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    },
    'death in the first byte'() {
      cli.say(JSON.stringify(first).slice(0, 30));
      setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    },
    'death behind the first words'() {
      for (const line of [first, ...rest.slice(0, 2)]) cli.say(line);
      setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    },
  };
  const isFinal = /without an end|death|of text/;
  cli.onUser = (line) => {
    const [, name = ''] = /<(.*?)>/.exec(JSON.stringify(line.message)) ?? [];
    faults[name]?.();
    if (!isFinal.test(name)) answer(line);
  };
}

import { afterEach, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply, silentReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readSse } from '../support/read-sse.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { type DialectName, DIALECT_NAMES, say } from './dialects.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectRecovered, readSurroundings } from './surroundings.ts';

const NEVER = new Promise(() => undefined);

/** How each API names the wait that was too long. */
const CODES = {
  'chat completions': (wait) => ({ type: 'server_error', code: `${wait}_timeout` }),
  responses: (wait) => ({ type: 'server_error', code: `${wait}_timeout` }),
  messages: () => ({ type: 'timeout_error' }),
  'agent runs': (wait) => ({ code: `${wait.replace('_', '-')}-timeout` }),
} as const satisfies Record<DialectName, (wait: string) => object>;

let product: Product;
afterEach(() => product.stop());

test('a CLI that is not up in START_TIMEOUT_MS is a 504 of each API', async () => {
  product = await startProduct({
    settings: { ...ONE_EACH, WORKER_CONCURRENCY: '4', START_TIMEOUT_MS: '1' },
  });
  const answers = await Promise.all(DIALECT_NAMES.map((name) => say(product, name, 'Hi')));
  for (const [index, name] of DIALECT_NAMES.entries()) {
    expect(await readFailure(answers[index] ?? Response.error())).toMatchObject({
      status: 504,
      message: expect.stringContaining('START_TIMEOUT_MS'),
      ...CODES[name]('start'),
    });
  }
  expect(product.model.requests).toEqual([]);
});

test('an API that is silent for FIRST_BYTE_TIMEOUT_MS is a 504, in an answer for SILENCE_TIMEOUT_MS its end', async () => {
  product = await startProduct({
    answer: (body) => {
      const said = JSON.stringify(body.messages);
      if (said.includes('<silent>')) return silentReply();
      return said.includes('<held>') ? heldReply('one two three four', NEVER) : demoAnswer(body);
    },
    settings: {
      ...ONE_EACH,
      WORKER_CONCURRENCY: '8',
      // Eight processes start at once.
      FIRST_BYTE_TIMEOUT_MS: '15000',
      SILENCE_TIMEOUT_MS: '6000',
    },
  });
  const before = await readSurroundings(product);
  const silent = DIALECT_NAMES.map((name) => say(product, name, '<silent>'));
  const held = DIALECT_NAMES.map((name) => say(product, name, '<held>', { stream: true }));
  for (const [index, name] of DIALECT_NAMES.entries()) {
    expect(await readFailure((await silent[index]) ?? Response.error())).toMatchObject({
      status: 504,
      message: expect.stringContaining('FIRST_BYTE_TIMEOUT_MS'),
      ...CODES[name]('first_byte'),
    });
    const messages = await Array.fromAsync(readSse((await held[index]) ?? Response.error()));
    const said = messages.map(({ data }) => data);
    expect(said.at(-1)).toContain('SILENCE_TIMEOUT_MS');
    expect(said.join('\n')).toContain('two');
  }

  // The tool of an agent is longer at work than silence may last.
  const worked = await product.send('/api/run', {
    prompt: 'demo:bash=sleep 8 && echo worked',
    allowedTools: ['Bash'],
  });
  expect({ status: worked.status, body: await worked.text() }).toEqual({
    status: 200,
    body: expect.stringContaining('worked'),
  });
  await expectRecovered(product, before);
  for (const request of product.model.requests.slice(0, 8)) {
    expect(await request.closed).toBe('aborted');
  }
});

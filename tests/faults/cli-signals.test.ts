import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { heldReply, silentReply, textReply, toolReply } from '../../src/demo/replies.ts';
import { readFailure } from '../failures/read-failure.ts';
import { readStream } from '../failures/read-stream.ts';
import { ask } from '../support/calls.ts';
import { ONE_EACH } from '../support/start-proxy.ts';
import { isAlive, readProcesses, untilNoProcess, untilProcess } from '../support/watch-place.ts';
import { type Product, startProduct } from './start-product.ts';
import { expectRecovered, readSurroundings, type Surroundings } from './surroundings.ts';

const TEXT = 'one two three four';
const NEVER = new Promise(() => undefined);
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const;

/** A stopped CLI is given up after these; on a busy machine one that is well takes half as long. */
const LIMITS = {
  START_TIMEOUT_MS: '20000',
  FIRST_BYTE_TIMEOUT_MS: '8000',
  SILENCE_TIMEOUT_MS: '6000',
};

let product: Product;
let before: Surroundings;
afterAll(() => product.stop());

describe('one process for each request', () => {
  beforeAll(async () => {
    product = await startProduct({
      settings: { ...LIMITS, ...ONE_EACH, WORKER_CONCURRENCY: '1' },
    });
    await untilNoProcess(product);
    before = await readSurroundings(product);
  });

  test('stopped as it starts: a 504 that says so', async () => {
    const started = untilProcess(product);
    const answer = ask(product, 'chat completions', 'Hi');
    await started;
    await signalCli('SIGSTOP');
    expect(await readFailure(await answer)).toMatchObject({ status: 504, code: 'start_timeout' });
    await expectRecovered(product, before);
  });

  test('killed before the first byte: another one answers', async () => {
    const answer = askSilently();
    await (
      await answer
    ).reached;
    product.model.answer = () => textReply(TEXT);
    await signalCli('SIGKILL');
    const response = await (await answer).response;
    expect(await response.text()).toContain(TEXT);
    await expectRecovered(product, before);
  });

  test('killed before the first byte of an agent: a 503, since it may have begun its work', async () => {
    const { reached, response } = await askSilently('agent runs');
    await reached;
    await signalCli('SIGKILL');
    expect(await readFailure(await response)).toMatchObject({ status: 503, code: 'cli-failed' });
    await expectRecovered(product, before);
  });

  test('stopped before the first byte: a 504 that says so', async () => {
    const { reached, response } = await askSilently();
    await reached;
    await signalCli('SIGSTOP');
    expect(await readFailure(await response)).toMatchObject({
      status: 504,
      code: 'first_byte_timeout',
    });
    await expectRecovered(product, before);
  });

  test.each([
    ['SIGKILL', 'chat completions', 'cli_failed'],
    ['SIGKILL', 'agent runs', 'cli-failed'],
    ['SIGSTOP', 'messages', 'timeout_error'],
    ['SIGSTOP', 'agent runs', 'silence-timeout'],
  ] as const)('%s in the middle of an answer, %s: it ends with %s', async (signal, call, word) => {
    product.model.answer = () => heldReply(TEXT, NEVER);
    const response = await ask(product, call, 'Hi', { stream: true });
    const { last, ...stream } = await readStream(call, response, (text) => {
      if (text === 'one two') void signalCli(signal);
    });
    expect(stream).toEqual({ status: 200, text: 'one two', hasNormalEnd: false });
    expect(JSON.stringify(last)).toContain(`"${word}"`);
    await expectRecovered(product, before);
  });

  test.each(SIGNALS)('%s while it waits for a tool', async (signal) => {
    product.model.answer = () => toolReply([{ id: 'toolu_1', name: 'look', input: {} }]);
    const called = await product.send('/v1/messages', toToolBody());
    expect(await called.json()).toMatchObject({ stop_reason: 'tool_use' });
    const [cli = 0] = await readProcesses(product);
    process.kill(cli, signal);

    product.model.answer = () => textReply(TEXT);
    const first = await product.send('/v1/messages', toToolBody('It is green.'));
    const failure = first.ok ? 'none' : (await readFailure(first)).message;
    expect(failure).toMatch(signal === 'SIGSTOP' ? /FIRST_BYTE_TIMEOUT_MS/ : /^none$/);
    const response = first.ok
      ? first
      : await product.send('/v1/messages', toToolBody('It is green.'));
    expect(await response.text()).toContain(TEXT);
    expect(JSON.stringify(product.model.requests.at(-1)?.body)).toContain('It is green.');
    await expectRecovered(product, before);
  });
});

describe('processes that are used again', () => {
  beforeAll(async () => {
    await product.stop();
    product = await startProduct({ settings: { WORKER_CONCURRENCY: '1' } });
  });

  test.each(SIGNALS)('%s while idle', async (signal) => {
    product.model.answer = () => textReply(TEXT);
    expect((await ask(product, 'messages', 'Hi')).status).toBe(200);
    const [cli = 0] = await untilOneProcess();
    process.kill(cli, signal);

    const response = await ask(product, 'messages', 'Hi again');
    expect(await response.text()).toContain(TEXT);
    await vi.waitFor(() => expect(isAlive(cli)).toBe(false), 20_000);
    expect((await readSurroundings(product))['places in the gate']).toBe(0);
  });
});

/** Asks what the model does not answer; `reached` when it has heard of it. */
async function askSilently(call: 'chat completions' | 'agent runs' = 'chat completions') {
  product.model.answer = () => silentReply();
  const known = new Set(product.model.requests);
  return {
    response: ask(product, call, 'Hi'),
    reached: product.model.waitForRequest((request) => !known.has(request)),
  };
}

/** To the only CLI process there is. */
async function signalCli(signal: NodeJS.Signals) {
  const pids = await readProcesses(product);
  expect(pids).toHaveLength(1);
  for (const pid of pids) process.kill(pid, signal);
}

async function untilOneProcess() {
  await vi.waitFor(async () => expect(await readProcesses(product)).toHaveLength(1), 60_000);
  return readProcesses(product);
}

function toToolBody(result?: string) {
  const question = { role: 'user', content: 'Look at it.' };
  const call = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} };
  const answer = { type: 'tool_result', tool_use_id: 'toolu_1', content: result };
  return {
    model: 'sonnet',
    max_tokens: 100,
    tools: [{ name: 'look', description: 'Looks.', input_schema: { type: 'object' } }],
    messages:
      result === undefined
        ? [question]
        : [question, { role: 'assistant', content: [call] }, { role: 'user', content: [answer] }],
  };
}

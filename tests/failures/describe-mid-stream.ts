import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  cutReply,
  failingReply,
  heldReply,
  silentReply,
  textReply,
} from '../../src/demo/replies.ts';
import { ask, type CallName } from '../support/calls.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';
import { readStream } from './read-stream.ts';

const TEXT = 'one two three four five six';
const HALF = { status: 200, text: 'one two three', hasNormalEnd: false };
const NEVER = new Promise(() => undefined);
const BUSY = { type: 'overloaded_error', message: 'Overloaded' };

/** The error that ends a stream, as each dialect says that the API failed, is busy, or the CLI died. */
const LAST = {
  'chat completions': {
    failed: { event: undefined, data: { error: { type: 'server_error', code: 'upstream_error' } } },
    busy: { event: undefined, data: { error: { type: 'server_error', code: 'overloaded' } } },
    died: { event: undefined, data: { error: { type: 'server_error', code: 'cli_failed' } } },
  },
  messages: {
    failed: { event: 'error', data: { type: 'error', error: { type: 'api_error' } } },
    busy: { event: 'error', data: { type: 'error', error: { type: 'overloaded_error' } } },
    died: { event: 'error', data: { type: 'error', error: { type: 'api_error' } } },
  },
  'agent runs': {
    failed: { event: 'error', data: { type: 'error', error: { code: 'upstream-failed' } } },
    busy: { event: 'error', data: { type: 'error', error: { code: 'overloaded' } } },
    died: { event: 'error', data: { type: 'error', error: { code: 'cli-failed' } } },
  },
} satisfies Record<CallName, object>;

/** What happens in the middle of an answer, and what the caller is told. */
const FACTS = {
  'a stream that the API cuts ends with the error, its text once': expectCutStream,
  'a stream in which the API reports an error ends with that error': expectFailedStream,
  'a stream whose CLI is killed ends with the error': expectKilledStream,
  'a whole answer is an error status when the API cuts it': expectCutAnswer,
  'a whole answer is an error status when the API reports an error in it': expectFailedAnswer,
} satisfies Record<string, (proxy: Proxy, call: CallName) => Promise<void>>;

type Fact = keyof typeof FACTS;

export const FACT_NAMES = Object.keys(FACTS) as Fact[];

/** What a caller of this dialect is told of what fails in the middle of an answer. */
export function describeMidStream(
  getProxy: () => Proxy,
  call: CallName,
  facts: readonly Fact[],
): void {
  describe.each([call])('%s', () => {
    test.each(facts)('%s', async (fact) => {
      await expect(FACTS[fact](getProxy(), call)).resolves.toBeUndefined();
    });
  });
}

/** A CLI that dies before it said anything costs a caller of this dialect nothing. */
export function describeEarlyDeath(
  getProxy: () => Proxy,
  call: 'chat completions' | 'messages',
): void {
  test(`${call}: a CLI that dies before its first byte is started again, and the caller notices nothing`, async () => {
    const proxy = getProxy();
    const { model } = proxy;
    const before = model.requests.length;
    model.answer = () => (model.requests.length === before + 1 ? silentReply() : textReply(TEXT));
    const answer = ask(proxy, call, 'Hi');
    await model.waitForRequest((request) => request === model.requests[before]);
    await killProcesses(proxy);

    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(TEXT);
  });
}

async function expectCutStream(proxy: Proxy, call: CallName) {
  const seen = Promise.withResolvers<void>();
  proxy.model.answer = () => cutReply(TEXT, { seen: seen.promise });
  const response = await ask(proxy, call, 'Hi', { stream: true });
  const stream = await readStream(call, response, (text) => {
    if (text === HALF.text) seen.resolve();
  });
  expect(stream).toMatchObject({ ...HALF, last: LAST[call].failed });
}

async function expectFailedStream(proxy: Proxy, call: CallName) {
  proxy.model.answer = () => failingReply(TEXT, BUSY);
  const response = await ask(proxy, call, 'Hi', { stream: true });
  expect(await readStream(call, response)).toMatchObject({ ...HALF, last: LAST[call].busy });
}

async function expectKilledStream(proxy: Proxy, call: CallName) {
  proxy.model.answer = () => heldReply(TEXT, NEVER);
  const response = await ask(proxy, call, 'Hi', { stream: true });
  const stream = await readStream(call, response, (text) => {
    if (text === HALF.text) void killProcesses(proxy);
  });
  expect(stream).toMatchObject({ ...HALF, last: LAST[call].died });
}

async function expectCutAnswer(proxy: Proxy, call: CallName) {
  proxy.model.answer = () => cutReply(TEXT);
  const failure = await readFailure(await ask(proxy, call, 'Hi'));
  expect(failure.status).toBe(500);
  expect(failure.message).not.toContain('one');
}

async function expectFailedAnswer(proxy: Proxy, call: CallName) {
  proxy.model.answer = () => failingReply(TEXT, BUSY);
  const failure = await readFailure(await ask(proxy, call, 'Hi'));
  expect(failure).toMatchObject({ status: call === 'chat completions' ? 503 : 529 });
}

/** Ends every CLI process of the proxy, as its state folder lists them. */
async function killProcesses({ folder }: Proxy) {
  const names = await readdir(join(folder, 'state', 'processes'));
  for (const pid of names.filter((name) => /^\d+$/.test(name)))
    process.kill(Number(pid), 'SIGKILL');
}

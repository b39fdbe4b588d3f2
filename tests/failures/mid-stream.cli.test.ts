import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import {
  cutReply,
  failingReply,
  heldReply,
  silentReply,
  textReply,
} from '../../src/demo/replies.ts';
import { ask, type CallName, CALL_NAMES } from '../support/calls.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { readFailure } from './read-failure.ts';
import { readStream } from './read-stream.ts';

const TEXT = 'one two three four five six';
const HALF = { status: 200, text: 'one two three', hasNormalEnd: false };
const NEVER = new Promise(() => undefined);
const BUSY = { type: 'overloaded_error', message: 'Overloaded' };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

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

describe.each(CALL_NAMES)('%s', (call) => {
  test('a stream that the API cuts ends with the error, its text once', async () => {
    const seen = Promise.withResolvers<void>();
    proxy.model.answer = () => cutReply(TEXT, { seen: seen.promise });
    const response = await ask(proxy, call, 'Hi', { stream: true });
    const stream = await readStream(call, response, (text) => {
      if (text === HALF.text) seen.resolve();
    });
    expect(stream).toMatchObject({ ...HALF, last: LAST[call].failed });
  });

  test('a stream in which the API reports an error ends with that error', async () => {
    proxy.model.answer = () => failingReply(TEXT, BUSY);
    const response = await ask(proxy, call, 'Hi', { stream: true });
    expect(await readStream(call, response)).toMatchObject({ ...HALF, last: LAST[call].busy });
  });

  test('a stream whose CLI is killed ends with the error', async () => {
    proxy.model.answer = () => heldReply(TEXT, NEVER);
    const response = await ask(proxy, call, 'Hi', { stream: true });
    const stream = await readStream(call, response, (text) => {
      if (text === HALF.text) void killProcesses();
    });
    expect(stream).toMatchObject({ ...HALF, last: LAST[call].died });
  });

  test('a whole answer is an error status when the API cuts it', async () => {
    proxy.model.answer = () => cutReply(TEXT);
    const failure = await readFailure(await ask(proxy, call, 'Hi'));
    expect(failure.status).toBe(500);
    expect(failure.message).not.toContain('one');
  });

  test('a whole answer is an error status when the API reports an error in it', async () => {
    proxy.model.answer = () => failingReply(TEXT, BUSY);
    const failure = await readFailure(await ask(proxy, call, 'Hi'));
    expect(failure).toMatchObject({ status: call === 'chat completions' ? 503 : 529 });
  });
});

test.each(['chat completions', 'messages'] as const)(
  '%s: a CLI that dies before its first byte is started again, and the caller notices nothing',
  async (call) => {
    const { model } = proxy;
    const before = model.requests.length;
    model.answer = () => (model.requests.length === before + 1 ? silentReply() : textReply(TEXT));
    const answer = ask(proxy, call, 'Hi');
    await model.waitForRequest((request) => request === model.requests[before]);
    await killProcesses();

    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(TEXT);
  },
);

/** Ends every CLI process of the proxy, as its state folder lists them. */
async function killProcesses() {
  const names = await readdir(join(proxy.folder, 'state', 'processes'));
  for (const pid of names.filter((name) => /^\d+$/.test(name)))
    process.kill(Number(pid), 'SIGKILL');
}

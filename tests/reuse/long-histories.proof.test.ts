import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import type { Answer } from '../../src/demo/model-server.ts';
import { textReply } from '../../src/demo/replies.ts';
import { holdAnswers } from '../support/hold-answers.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub } from '../support/stub-cli.ts';
import { readProcesses, untilProcesses, untilWaiting } from '../support/watch-place.ts';
import { lastRequest, toProcess, toSpoken } from '../tools/upstream.ts';

let proxy: Proxy;
afterEach(() => proxy.stop());

/** More than are replayed one by one. */
const LONG = Array.from({ length: 300 }, (_, index) => ({
  role: index % 2 === 0 ? 'user' : 'assistant',
  content: `Message ${index}.`,
}));

test('a long history that no process holds is read from a file, which is gone afterwards', async () => {
  proxy = await startProxy();

  await ask(LONG);

  expect(toSaid()).toEqual([...LONG.map(({ content }) => content), 'Go on.']);
  const [file] = await listResumed();
  expect(file).toMatch(/\.jsonl$/);
  expect(existsSync(String(file))).toBe(false);
});

test('its process goes on with the conversation, and back in it', async () => {
  proxy = await startProxy();
  const reply = { role: 'assistant', content: await ask(LONG) };
  const first = toProcess(lastRequest(proxy));

  await ask([...LONG, { role: 'user', content: 'Go on.' }, reply]);
  expect(toProcess(lastRequest(proxy))).toBe(first);
  expect(toSaid()).toHaveLength(LONG.length + 3);

  await ask(LONG.slice(0, 200));
  expect(toProcess(lastRequest(proxy))).toBe(first);
  expect(toSaid()).toHaveLength(201);
});

test('a short one is replayed', async () => {
  proxy = await startProxy();

  await ask(LONG.slice(0, 20));

  expect(toSaid()).toHaveLength(21);
  expect(await listResumed()).toEqual([]);
});

describe('while its request waits for a place', () => {
  test('one process is begun that reads it, and answers it', async () => {
    const held = holdAnswers();
    proxy = await startProxy({ answer: held.answer, settings: { WORKER_CONCURRENCY: '1' } });
    const first = ask([]);
    await proxy.model.waitForRequest(() => true);

    const second = ask(LONG);
    const third = ask(LONG.slice(2)); // of the same key
    await untilWaiting(proxy, 2);
    await untilResumed(1);
    const [begun] = await listResumed();
    expect(proxy.model.requests).toHaveLength(1);

    const arrived = proxy.model.waitForRequest(({ body }) =>
      JSON.stringify(body).includes('Message 0.'),
    );
    held.release();
    const upstream = await arrived;
    expect(toProcess(upstream)).toBe(toSessionId(begun));
    expect(toSpoken(upstream)).toHaveLength(LONG.length + 1);
    await Promise.all([first, second, third]);
  });

  test('it is gone when the caller leaves', async () => {
    const held = holdAnswers();
    proxy = await startProxy({ answer: held.answer, settings: { WORKER_CONCURRENCY: '1' } });
    const first = ask([]);
    await proxy.model.waitForRequest(() => true);
    const caller = new AbortController();
    const second = ask(LONG, { signal: caller.signal });
    await untilResumed(1);

    caller.abort();
    await expect(second).rejects.toThrow('abort');
    await untilResumed(0);
    held.release();
    await first;
  });

  test('none is begun for one that a process holds', async () => {
    const reply = { role: 'assistant', content: 'one two three four' };
    let answer: Answer = () => textReply(reply.content);
    proxy = await startProxy({
      answer: (...asked) => answer(...asked),
      settings: { WORKER_CONCURRENCY: '1' },
    });
    await ask(LONG);
    const [holder] = await listResumed();
    const held = holdAnswers();
    ({ answer } = held);
    const first = ask([], { body: { user: 'somebody else' } });
    await proxy.model.waitForRequest(({ body }) => body.messages.length < LONG.length);

    const second = ask([...LONG, { role: 'user', content: 'Go on.' }, reply]);
    await untilWaiting(proxy, 1);
    held.release();
    await Promise.all([first, second]);
    expect(toProcess(lastRequest(proxy))).toBe(toSessionId(holder));
    expect(await listResumed()).toHaveLength(1);
  });
});

test('a CLI that does not take the file is told the history', async () => {
  const stub = await createStub((cli) => {
    const onControl = cli.onControl.bind(cli);
    cli.onControl = (line) => {
      const isRewind = line.request?.subtype === 'rewind_conversation';
      if (isRewind && process.argv.some((arg) => arg.startsWith('--resume'))) cli.exit(1);
      if (!isRewind) return onControl(line);
      const { request_id } = line;
      const response = { subtype: 'success', request_id, response: { rewound: true } };
      cli.say({ type: 'control_response', response });
    };
    cli.onUser = () => {
      cli.note('+');
      for (const line of cli.toTextLines('Told.')) cli.say(line);
    };
  });
  try {
    proxy = await startProxy({ claudePath: stub.path });
    const notes = async () => (await readFile(`${proxy.folder}/home/notes`, 'utf8')).length;
    const before = await notes(); // the server asks whether it can go back

    expect(await ask(LONG)).toBe('Told.');

    expect((await notes()) - before).toBe(LONG.length / 2 + 1);
    expect(await listResumed()).toEqual([]);
  } finally {
    await stub.remove();
  }
});

type Asked = { body?: object; signal?: AbortSignal };

/** What the model says at the end of such a conversation. */
async function ask(history: readonly object[], { body, ...init }: Asked = {}): Promise<string> {
  const messages = [...history, { role: 'user', content: 'Go on.' }];
  const asked = { model: 'sonnet', messages, ...body };
  const response = await proxy.send('/v1/chat/completions', asked, init);
  const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
  return choices[0].message.content;
}

function toSaid() {
  return toSpoken(lastRequest(proxy)).map(({ content }) => content.map(({ text }) => text).join());
}

/** Resolves when so many processes live that were started with a transcript. */
function untilResumed(count: number) {
  return untilProcesses(proxy, async () => (await listResumed()).length === count);
}

/** The transcript has the name of its session. */
function toSessionId(file: string | undefined) {
  return basename(String(file), '.jsonl');
}

/** The transcripts that living processes were started with. */
async function listResumed() {
  const pids = await readProcesses(proxy);
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'gone')),
  );
  return lines.flatMap((line) => /--resume=([^\0]+)/.exec(line)?.[1] ?? []);
}

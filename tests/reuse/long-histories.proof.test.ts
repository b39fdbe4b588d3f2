import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub } from '../support/stub-cli.ts';
import { readProcesses } from '../support/watch-place.ts';
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

/** What the model says at the end of such a conversation. */
async function ask(history: readonly object[]): Promise<string> {
  const response = await proxy.send('/v1/chat/completions', {
    model: 'sonnet',
    messages: [...history, { role: 'user', content: 'Go on.' }],
  });
  const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
  return choices[0].message.content;
}

function toSaid() {
  return toSpoken(lastRequest(proxy)).map(({ content }) => content.map(({ text }) => text).join());
}

/** The transcripts that living processes were started with. */
async function listResumed() {
  const pids = await readProcesses(proxy);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
  return lines.flatMap((line) => /--resume=([^\0]+)/.exec(line)?.[1] ?? []);
}

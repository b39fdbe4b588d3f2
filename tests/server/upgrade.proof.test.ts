import { rename, symlink } from 'node:fs/promises';

import { afterEach, expect, test, vi } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { createStub, type Stub, type StubCli } from '../support/stub-cli.ts';

const CALLERS = 3;

/** Requests of each caller before the program is replaced, and begun after. */
const TURNS = 3;

const SETTINGS = { WARM_PROCESSES: '2', WORKER_CONCURRENCY: String(CALLERS) };

let proxy: Proxy | undefined;
let stubs: Stub[] = [];
afterEach(async () => {
  await proxy?.stop();
  for (const stub of stubs) await stub.remove();
  proxy = undefined;
  stubs = [];
});

/** Takes its time for an answer, so that some are under way whenever it is replaced. */
function beOld(cli: StubCli) {
  const answer = cli.onControl.bind(cli);
  cli.onControl = (line) => {
    if (line.request?.subtype !== 'initialize') return answer(line);
    const response = { account: { apiKeySource: 'stub' }, claude_code_version: '2.1.330' };
    const success = { subtype: 'success', request_id: line.request_id, response };
    cli.say({ type: 'control_response', response: success });
  };
  const lines = cli.toTextLines('From the old one.');
  cli.onUser = () => void setTimeout(() => lines.forEach((line) => cli.say(line)), 200);
}

function beNew(cli: StubCli) {
  const answer = cli.onControl.bind(cli);
  cli.onControl = (line) => {
    if (line.request?.subtype !== 'initialize') return answer(line);
    const response = { account: { apiKeySource: 'stub' }, claude_code_version: '2.1.332' };
    const success = { subtype: 'success', request_id: line.request_id, response };
    cli.say({ type: 'control_response', response: success });
  };
  const lines = cli.toTextLines('From the new one.');
  cli.onUser = () => void setTimeout(() => lines.forEach((line) => cli.say(line)), 200);
}

/** As installers replace a program. */
const WAYS = {
  'a file that takes its place': (path: string, next: string) => rename(next, path),
  'a link that leads elsewhere': async (path: string, next: string) => {
    await symlink(next, `${path}.link`);
    await rename(`${path}.link`, path);
  },
};

test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
  'the CLI is replaced under load, by %s: no request fails, and who comes later gets the new one',
  async (way) => {
    const [old, next] = [await createStub(beOld), await createStub(beNew)];
    stubs = [old, next];
    const started = await startProxy({ claudePath: old.path, settings: SETTINGS });
    proxy = started;
    const { url } = started;
    expect(await readVersion(url)).toBe('2.1.330');

    let isReplaced = false;
    const callers = Array.from({ length: CALLERS }, () => converse(started, () => isReplaced));
    await vi.waitFor(
      () => expect(callers.every(({ answers }) => answers.length >= TURNS)).toBe(true),
      30_000,
    );
    await WAYS[way](old.path, next.path);
    isReplaced = true;
    await Promise.all(callers.map(({ ended }) => ended));

    const answers = callers.flatMap((caller) => caller.answers);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const later = answers.filter(({ isLater }) => isLater);
    expect(later.length).toBe(CALLERS * TURNS);
    expect(later.filter(({ text }) => !text.includes('From the new one.'))).toEqual([]);
    await vi.waitFor(async () => expect(await readVersion(url)).toBe('2.1.332'), 10_000);
  },
  60_000,
);

type Said = { status: number; text: string; isLater: boolean };

/** One caller's conversation, which goes on until so many turns began after the program was replaced. */
function converse(asked: Pick<Proxy, 'send'>, isReplaced: () => boolean) {
  const answers: Said[] = [];
  const talk = async () => {
    const messages: { role: string; content: string }[] = [];
    while (answers.filter(({ isLater }) => isLater).length < TURNS) {
      messages.push({ role: 'user', content: `Turn ${answers.length}.` });
      const isLater = isReplaced();
      const response = await asked.send('/v1/messages', {
        model: 'sonnet',
        max_tokens: 9,
        messages,
      });
      const text = await response.text();
      answers.push({ status: response.status, text, isLater });
      if (response.status !== 200) return;
      const { content } = JSON.parse(text) as { content: { text: string }[] }; // the Messages API
      messages.push({ role: 'assistant', content: content[0]?.text ?? '' });
    }
  };
  return { answers, ended: talk() };
}

async function readVersion(url: string) {
  const health = await (await fetch(`${url}/health`)).json();
  return (health as { cli: { version: string } }).cli.version; // our own route
}

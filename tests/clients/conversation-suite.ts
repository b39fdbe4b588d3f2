import { afterEach, describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { heldReply } from '../../src/demo/replies.ts';
import type { Reachable } from '../support/create-scripted-proxy.ts';
import { type ChatClient, toTurns, type Turn } from './chat-client.ts';

type Parts = {
  /** Called when the tests run: the server is not up before that. */
  proxy: () => Reachable;
  /** Makes the client for a base URL below which it finds its routes. */
  connect: (baseUrl: string) => ChatClient;
};

const SAID = ['My name is Ada.', 'I live in Paris.', 'Who am I?'];
const HELLO: Turn[] = [{ role: 'user', content: 'Hello.' }];

/** What every client has to get from the server, whatever its API. */
export function testConversations({ proxy, connect }: Parts): void {
  const client = () => connect(`${proxy().url}/v1`);
  const unhurried = new AbortController().signal;

  afterEach(() => {
    proxy().model.answer = demoAnswer;
  });

  test('a whole conversation of three turns reaches the model turn by turn', async () => {
    const turns = await converse((said) => client().askWhole(said));

    expect(lastArrived(proxy())).toEqual(turns.slice(0, -1));
    expect(turns.at(-1)?.content).toContain('It was sent 5 messages.');
  });

  test('a streamed conversation of three turns reaches the model turn by turn', async () => {
    const turns = await converse(async (said) => {
      const pieces = await Array.fromAsync(client().askStreamed(said, unhurried));
      expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(5);
      return pieces.join('');
    });

    expect(lastArrived(proxy())).toEqual(turns.slice(0, -1));
    expect(turns.at(-1)?.content).toContain('It was sent 5 messages.');
  });

  test('text comes out while the model still speaks', async () => {
    const release = Promise.withResolvers<void>();
    proxy().model.answer = () => heldReply('one two three four', release.promise);
    let text = '';
    let heardBeforeRelease = '';

    for await (const piece of client().askStreamed(HELLO, unhurried)) {
      text += piece;
      if (text.trim() !== 'one two') continue;
      heardBeforeRelease = text;
      release.resolve();
    }

    expect(heardBeforeRelease.trim()).toBe('one two');
    expect(text).toBe('one two three four');
  });

  test('leaving in the middle of a stream closes the connection to the model', async () => {
    const { model } = proxy();
    model.answer = () => heldReply('one two three four', new Promise(() => {}));
    const leaving = new AbortController();
    const pieces = client().askStreamed(HELLO, leaving.signal)[Symbol.asyncIterator]();
    let heard = '';
    while (heard === '') heard = (await pieces.next()).value ?? '';

    leaving.abort();

    await expect(model.requests.at(-1)?.closed).resolves.toBe('aborted');
    // Some clients end without a word, others throw that they were told to stop.
    await pieces.next().catch(() => undefined);
  });
}

/** The bases that people give to clients which append their own paths. */
export function testBaseUrls({ proxy, connect }: Parts): void {
  describe('finds its route below', () => {
    test.each(['', '/', '/v1', '/v1/'])('the base URL http://host:port%s', async (base) => {
      await expect(connect(proxy().url + base).askWhole(HELLO)).resolves.toContain('Hello.');
    });
  });
}

async function converse(ask: (turns: Turn[]) => Promise<string>): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (const content of SAID) {
    turns.push({ role: 'user', content });
    turns.push({ role: 'assistant', content: await ask([...turns]) });
  }
  return turns;
}

function lastArrived({ model }: Reachable): Turn[] {
  const last = model.requests.at(-1);
  return last ? toTurns(last.body) : [];
}

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import type { Answer } from '../../src/demo/model-server.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { ONE_EACH, type Proxy, startProxy } from '../support/start-proxy.ts';
import { isAlive, readProcesses, untilNoProcess } from '../support/watch-place.ts';
import { anthropicMessages, ask, openaiChat, TOOL_DIALECTS } from './tool-dialects.ts';
import { hasResults, lastRequest, toProcess, toSpoken } from './upstream.ts';
import { call, FOLLOW_UP, modelAnswer, REPLAYED } from './weather.ts';

const TOOLS = [{ name: 'look' }];

async function start(settings: Record<string, string>) {
  const proxy = await startProxy({ answer: look, settings: { ...ONE_EACH, ...settings } });
  onTestFinished(() => proxy.stop());
  return proxy;
}

/** One for all tests around it. */
function startForAll(settings: Record<string, string>) {
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy({ answer: modelAnswer, settings: { ...ONE_EACH, ...settings } });
  });
  afterAll(() => proxy.stop());
  return () => proxy;
}

/** Calls a tool named after the question, and answers the results; a question without one gets a text. */
const look: Answer = (body) => {
  const id = /toolu_\w+/.exec(JSON.stringify(body.messages))?.[0];
  if (hasResults(body)) return textReply('Done.');
  return id === undefined ? textReply('Hello.') : toolReply([{ id, name: 'look', input: {} }]);
};

/** Starts a conversation that waits for the result of a call; `finish` brings it. */
async function suspend(proxy: Proxy, id: string) {
  const question = { user: `Call it ${id}.` };
  const { calls } = await ask(proxy, anthropicMessages, { turns: [question], tools: TOOLS });
  const process = toProcess(lastRequest(proxy));
  return {
    /** Whether the process that made the call uses its result. */
    async finish() {
      const turns = [question, { calls }, { results: [{ id, content: 'seen' }] }];
      const { text } = await ask(proxy, anthropicMessages, { turns, tools: TOOLS });
      expect(text).toBe('Done.');
      return toProcess(lastRequest(proxy)) === process;
    },
  };
}

test('a process that waits for results holds no place in the gate', async () => {
  const proxy = await start({ WORKER_CONCURRENCY: '1' });
  const waiting = await suspend(proxy, 'toolu_1');

  const other = await ask(proxy, openaiChat, { turns: [{ user: 'Hi.' }] });
  expect(other.text).toBe('Hello.');
  expect(await waiting.finish()).toBe(true);
});

test('of more than may wait the oldest goes first', async () => {
  const proxy = await start({ MAX_SUSPENDED_CALLS: '2' });
  const waiting = [
    await suspend(proxy, 'toolu_1'),
    await suspend(proxy, 'toolu_2'),
    await suspend(proxy, 'toolu_3'),
  ];

  const isHot = [];
  for (const each of waiting.toReversed()) isHot.unshift(await each.finish());
  expect(isHot).toEqual([false, true, true]);
});

test('a new request takes the place of a process that waits, where there are no more', async () => {
  const proxy = await start({ WORKER_CONCURRENCY: '1', MAX_PROCESSES: '1' });
  const waiting = await suspend(proxy, 'toolu_1');

  const other = await ask(proxy, openaiChat, { turns: [{ user: 'Hi.' }] });
  expect(other.text).toBe('Hello.');
  expect(await waiting.finish()).toBe(false);
});

describe('where none may wait', () => {
  const proxy = startForAll({ MAX_SUSPENDED_CALLS: '0' });

  test.each(TOOL_DIALECTS)('$name: the results are used all the same', async (dialect) => {
    await call(proxy(), dialect);
    await untilNoProcess(proxy());

    const answer = await ask(proxy(), dialect, FOLLOW_UP);
    expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toSpoken(lastRequest(proxy()))).toEqual(REPLAYED);
  });
});

describe('results that come too late', () => {
  const proxy = startForAll({ SUSPENDED_CALL_TTL_MS: '1' });

  test.each(TOOL_DIALECTS)('$name: are used all the same', async (dialect) => {
    await call(proxy(), dialect, { stream: true });
    await untilNoProcess(proxy());

    const answer = await ask(proxy(), dialect, { ...FOLLOW_UP, stream: true });
    expect(answer).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toSpoken(lastRequest(proxy()))).toEqual(REPLAYED);
  });
});

test('a server that stops leaves no process behind', async () => {
  const proxy = await startProxy({ answer: look, settings: ONE_EACH });
  await suspend(proxy, 'toolu_1');
  await suspend(proxy, 'toolu_2');
  const pids = await readProcesses(proxy);
  expect(pids).toHaveLength(2);
  await proxy.stop();

  expect(pids.filter(isAlive)).toEqual([]);
});

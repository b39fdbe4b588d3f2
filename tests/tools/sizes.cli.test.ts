import { beforeAll, expect, test } from 'vitest';

import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { anthropicMessages, ask, openaiChat, type ToolDialect } from './tool-dialects.ts';
import { callThenSay, lastRequest, toResults, wentOn } from './upstream.ts';

/** No two lines are alike, and some hold what is more than one byte. */
function toText(length: number) {
  const lines = Array.from(
    { length: Math.ceil(length / 20) },
    (_, index) => `${index} ä漢 "\\" line\n`,
  );
  return `${lines.join('').slice(0, Math.max(0, length - 1))}.`.slice(0, length);
}

const TOOL = { name: 'read', description: `Reads a file.\n${toText(20_000)}` };
const QUESTION = { user: 'Read it.' };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

test.each<[string, number, boolean, ToolDialect, boolean]>([
  ['nothing', 0, false, openaiChat, true],
  ['nothing', 0, false, anthropicMessages, false],
  ['60 KB', 60_000, true, openaiChat, false],
  ['60 KB', 60_000, true, anthropicMessages, true],
  ['300 KB', 300_000, true, openaiChat, true],
  ['300 KB', 300_000, true, anthropicMessages, false],
  ['2 MB', 2_000_000, false, openaiChat, false],
  ['2 MB', 2_000_000, false, anthropicMessages, true],
])('a result of %s arrives unchanged', async (_, length, isHot, dialect, stream) => {
  const content = toText(length);
  const id = `toolu_${dialect.name}_${length}`;
  proxy.model.answer = callThenSay([{ id, name: 'read', input: {} }]);
  const request = { tools: [TOOL], stream };
  const { calls } = await ask(proxy, dialect, { ...request, turns: [QUESTION] });
  const called = lastRequest(proxy);
  expect(called.body.tools).toMatchObject([{ name: 'read', description: TOOL.description }]);

  const turns = [QUESTION, { calls }, { results: [{ id, content }] }];
  const response = await proxy.send(dialect.path, dialect.toBody({ ...request, turns }));
  await response.text(); // 2 MB are more than the model takes, but they have to reach it
  const used = lastRequest(proxy);
  expect(used.body.tools).toEqual(called.body.tools);
  expect(wentOn(used)).toBe(isHot);
  const [result] = toResults(used);
  expect(result?.tool_use_id).toBe(id);
  const text = [result?.content ?? []]
    .flat()
    .map((block) => (typeof block === 'string' ? block : block.text));
  // Compared by hand: a failure would print megabytes.
  expect(text.join('') === content).toBe(true);
});

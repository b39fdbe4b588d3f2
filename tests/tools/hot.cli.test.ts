import { beforeAll, describe, expect, test } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import {
  anthropicMessages,
  ask,
  type GivenResult,
  TOOL_DIALECTS,
  type Turn,
  WAYS,
} from './tool-dialects.ts';
import { callThenSay, lastRequest, toProcess, toResults, toSpoken, wentOn } from './upstream.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

describe.each(WAYS)('$name', ({ dialect, stream }) => {
  test('two parallel calls come together as the model made them, and one process uses the results', async () => {
    const names = ['Bash', 'with.dot'];
    const tools = names.map((name) => ({ name, description: `Does ${name}.` }));
    const question = { user: 'Do both.' };
    const inputs = [{ command: 'ls -la /somewhere/far' }, { path: 'a long path to a file' }];
    proxy.model.answer = callThenSay([
      { id: 'toolu_a', name: 'Bash', input: inputs[0] },
      { id: 'toolu_b', name: 'with.dot', input: inputs[1] },
    ]);

    const called = await ask(proxy, dialect, { turns: [question], tools, stream });
    const asked = lastRequest(proxy);
    expect(called.reason).toBe(dialect.reasons.calls);
    expect(called.calls.map(({ id, name }) => [id, name])).toEqual([
      ['toolu_a', 'Bash'],
      ['toolu_b', 'with.dot'],
    ]);
    expect(called.calls.map(({ json }) => JSON.parse(json) as unknown)).toEqual(inputs);
    const pieces = Math.min(...called.calls.map((call) => call.pieces));
    expect(pieces > 1).toBe(stream);

    const answered = await ask(proxy, dialect, {
      turns: [
        question,
        { calls: called.calls },
        {
          results: [
            { id: 'toolu_b', content: 'second' },
            { id: 'toolu_a', content: [{ text: 'first' }, { text: ' and more' }] },
          ],
        },
      ],
      tools,
      stream,
    });
    const used = lastRequest(proxy);
    expect(answered).toMatchObject({ text: 'Done.', calls: [], reason: dialect.reasons.stop });
    expect(toProcess(used)).toBe(toProcess(asked));
    const [said, replied, results, ...others] = toSpoken(used);
    expect(others).toEqual([]);
    expect(said).toEqual({ role: 'user', content: [{ type: 'text', text: 'Do both.' }] });
    expect(replied).toMatchObject({
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'toolu_a', name: 'Bash', input: inputs[0] },
        { type: 'tool_use', id: 'toolu_b', name: 'with.dot', input: inputs[1] },
      ],
    });
    const texts = new Map(results?.content.map((block) => [block.tool_use_id, toText(block)]));
    expect(texts).toEqual(
      new Map([
        ['toolu_a', 'first and more'],
        ['toolu_b', 'second'],
      ]),
    );
  });
});

test.each(TOOL_DIALECTS)(
  '$name: one process goes on through several rounds of calls with text beside them',
  async (dialect) => {
    const tools = [{ name: 'mcp__x__step' }];
    const turns: Turn[] = [{ user: 'Three steps.' }];
    const processes: unknown[] = [];
    for (const step of [1, 2, 3]) {
      const id = `toolu_${dialect.name}_${step}`;
      proxy.model.answer = () =>
        step < 3
          ? toolReply([{ id, name: 'mcp__x__step', input: { step } }], { text: `Step ${step}. ` })
          : textReply('All done.');
      const answer = await ask(proxy, dialect, { turns, tools });
      processes.push(toProcess(lastRequest(proxy)));
      turns.push(
        { calls: answer.calls, text: answer.text },
        { results: [{ id, content: `result ${step}` }] },
      );
    }

    expect(new Set(processes).size).toBe(1);
    expect(toResults(lastRequest(proxy))).toMatchObject([
      { tool_use_id: `toolu_${dialect.name}_2`, content: [{ text: 'result 2' }] },
    ]);
  },
);

test('an image stands between the texts of its result', async () => {
  const content = [{ text: 'before' }, { image: PNG }, { text: 'after' }];
  const { isHot, results } = await bring({ id: 'toolu_image', content });

  expect(isHot).toBe(true);
  expect(results).toMatchObject([
    {
      tool_use_id: 'toolu_image',
      content: [
        { type: 'text', text: 'before' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
        { type: 'text', text: 'after' },
      ],
    },
  ]);
});

test('a result that is an error stays one', async () => {
  const { isHot, results } = await bring({
    id: 'toolu_error',
    content: 'no such city',
    isError: true,
  });

  expect(isHot).toBe(true);
  expect(results).toMatchObject([{ is_error: true, content: 'no such city' }]);
});

test.each([
  ['with blanks around it', [{ text: ' not \n found \n' }]],
  ['of two texts', [{ text: 'not' }, { text: 'found' }]],
  ['of 20,000 characters', [{ text: 'x'.repeat(20_000) }]],
])('an error %s, which the CLI would bend, goes another way', async (_, content) => {
  const { isHot, results } = await bring({ id: 'toolu_bent', content, isError: true });

  expect(isHot).toBe(false);
  const blocks = content.map((part) => ({ type: 'text', ...part }));
  expect(results).toMatchObject([{ is_error: true, content: blocks }]);
});

/** Lets the model call a tool, and brings the result. Only Anthropic's results are more than text. */
async function bring(result: GivenResult) {
  const [first, second] = toRequests(result);
  proxy.model.answer = callThenSay([{ id: result.id, name: 'look', input: {} }]);
  await ask(proxy, anthropicMessages, first);
  await ask(proxy, anthropicMessages, second);
  const request = lastRequest(proxy);
  return { isHot: wentOn(request), results: toResults(request) };
}

function toRequests(result: GivenResult) {
  const tools = [{ name: 'look' }];
  const question = { user: 'Look.' };
  const calls = [{ id: result.id, name: 'look', json: '{}' }];
  return [
    { turns: [question], tools },
    { turns: [question, { calls }, { results: [result] }], tools },
  ] as const;
}

function toText({ content }: ReturnType<typeof toResults>[number]) {
  return typeof content === 'string' ? content : content?.map(({ text }) => text).join('');
}

import { beforeAll, describe, expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { errorReply, type Reply, textReply, toolReply } from '../../src/demo/replies.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import {
  anthropicMessages,
  ask,
  type GivenChoice,
  openaiChat,
  TOOL_DIALECTS,
  type ToolRequest,
  WAYS,
} from './tool-dialects.ts';
import { callThenSay, hasResults, lastRequest, toProcess, toSpoken } from './upstream.ts';

const TOOLS = [
  { name: 'get_weather', description: 'Tells the weather.' },
  { name: 'get_time', description: 'Tells the time.' },
];
const QUESTION = { user: 'Help yourself.' };
const CALL = { id: 'toolu_1', name: 'get_weather', input: {} };
const RESULTS = { results: [{ id: 'toolu_1', content: 'sun' }] };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

describe.each(TOOL_DIALECTS)('$name', (dialect) => {
  test.each<[string, Pick<ToolRequest, 'choice' | 'isSingle'>, unknown]>([
    ['auto', { choice: 'auto' }, undefined],
    ['none', { choice: 'none' }, { type: 'none' }],
    ['one of them', { choice: 'required' }, { type: 'any' }],
    ['a named one', { choice: { name: 'get_time' } }, { type: 'tool', name: 'get_time' }],
    ['one at a time', { isSingle: true }, { type: 'auto', disable_parallel_tool_use: true }],
    [
      'exactly one of them',
      { choice: 'required', isSingle: true },
      { type: 'any', disable_parallel_tool_use: true },
    ],
  ])('the choice of %s reaches the API', async (_, wanted, choice) => {
    proxy.model.answer = () => textReply('Fine.');
    await ask(proxy, dialect, { turns: [QUESTION], tools: TOOLS, ...wanted });

    expect(lastRequest(proxy).body.tool_choice).toEqual(choice);
  });

  test.each<GivenChoice>(['required', { name: 'get_weather' }])(
    'a forced call (%j) is not forced again when its result comes',
    async (choice) => {
      proxy.model.answer = callThenSay([CALL]);
      const asked = { turns: [QUESTION], tools: TOOLS, choice, isSingle: true };
      const { calls } = await ask(proxy, dialect, asked);
      const forced = lastRequest(proxy);
      expect(forced.body.tool_choice).toMatchObject({ disable_parallel_tool_use: true });

      await ask(proxy, dialect, { turns: [QUESTION, { calls }, RESULTS], tools: TOOLS });
      const free = lastRequest(proxy);
      expect(toProcess(free)).toBe(toProcess(forced));
      expect(free.body.tool_choice).toBeUndefined();
    },
  );

  test('a tool is forced rather than thought about, and the answer says so', async () => {
    proxy.model.answer = callThenSay([CALL]);
    const { calls, headers } = await ask(proxy, dialect, {
      turns: [QUESTION],
      tools: TOOLS,
      choice: { name: 'get_weather' },
      model: 'claude-demo',
      more: dialect.thinking,
    });

    expect(calls).toMatchObject([{ name: 'get_weather' }]);
    expect(headers.get('x-ignored-params')).toBe(THINKING_NAMES[dialect.name]);
    const { tool_choice, thinking } = lastRequest(proxy).body;
    expect(tool_choice).toEqual({ type: 'tool', name: 'get_weather' });
    expect(thinking).toBeUndefined();
  });
});

const THINKING_NAMES: Record<string, string> = {
  'openai-chat': 'reasoning_effort',
  'anthropic-messages': 'thinking',
};

describe('a model that lets nobody force a tool', () => {
  const WEATHER = {
    name: 'get_weather',
    description: 'Tells the weather.',
    schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  };

  test.each(WAYS)('is made to call it all the same: $name', async ({ dialect, stream }) => {
    proxy.model.answer = unforced;
    const request = { tools: [WEATHER], model: 'claude-demo-free', stream };
    const answer = await ask(proxy, dialect, {
      ...request,
      turns: [QUESTION],
      choice: { name: 'get_weather' },
    });

    expect(answer).toMatchObject({ text: '', reason: dialect.reasons.calls });
    expect(answer.calls).toMatchObject([
      { id: expect.stringMatching(/^toolu_\w+$/), name: 'get_weather', json: '{"city":"Rome"}' },
    ]);
    expect(answer.headers.get('x-ignored-params')).toBeNull();

    const { calls } = answer;
    const results = calls.map(({ id }) => ({ id, content: 'sun' }));
    const turns = [QUESTION, { calls }, { results }];
    expect(await ask(proxy, dialect, { ...request, turns })).toMatchObject({ text: 'Sunny.' });
    expect(toSpoken(lastRequest(proxy))).toMatchObject([
      {},
      { content: [{ type: 'tool_use', id: calls[0]?.id, name: 'get_weather' }] },
      { content: [{ type: 'tool_result', content: [{ text: 'sun' }] }] },
    ]);
  });

  test.each([openaiChat, anthropicMessages])(
    'chooses among several itself, and the answer says so: $name',
    async (dialect) => {
      proxy.model.answer = unforced;
      const { text, headers } = await ask(proxy, dialect, {
        turns: [QUESTION],
        tools: TOOLS,
        model: 'claude-demo-free',
        choice: 'required',
      });

      expect(text).toBe('I had rather not.');
      expect(headers.get('x-ignored-params')).toBe('tool_choice');
    },
  );
});

/** Answers like a model, through the CLI's own tool where there is one. */
function unforced(body: MessagesBody): Reply {
  if (['any', 'tool'].includes(body.tool_choice?.type ?? '')) {
    return errorReply(400, 'invalid_request_error', 'tool_choice: not supported on this model.');
  }
  if (hasResults(body)) return textReply('Sunny.');
  return body.tools?.some(({ name }) => name === 'StructuredOutput')
    ? toolReply([{ name: 'StructuredOutput', input: { city: 'Rome' } }])
    : textReply('I had rather not.');
}

import { beforeAll, describe, expect, test } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { toBlocks } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { askFor } from '../sampling/ask-for.ts';
import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CITY, JSON_DIALECTS, readEnforced, refuseSchema } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const CALL = { id: 'toolu_1', name: 'look', input: { q: 'x' } };
const ANSWER = { city: 'Bern' };

/** The model looks first, and answers when it has seen the result. */
function lookThenAnswer(body: MessagesBody) {
  const hasResult = body.messages.some(({ content }) =>
    toBlocks(content).some(({ type }) => type === 'tool_result'),
  );
  if (!hasResult) return toolReply([CALL], { text: 'Let me look.' });
  return readEnforced(body)
    ? toolReply([{ name: 'StructuredOutput', input: ANSWER }])
    : textReply(JSON.stringify(ANSWER));
}

const TURNS: Readonly<Record<string, object[]>> = {
  'openai-chat': [
    { role: 'user', content: 'Where?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: CALL.id, type: 'function', function: { name: 'look', arguments: '{"q":"x"}' } },
      ],
    },
    { role: 'tool', tool_call_id: CALL.id, content: 'Bern' },
  ],
  'anthropic-messages': [
    { role: 'user', content: 'Where?' },
    { role: 'assistant', content: [{ type: 'tool_use', ...CALL }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: CALL.id, content: 'Bern' }] },
  ],
};

describe.for(JSON_DIALECTS)('$name', (dialect) => {
  test.for([
    ['the API', false],
    ['the CLI', true],
  ] as const)('first the call, then the JSON, enforced by %s', async ([, isRefused]) => {
    proxy.model.answer = (body) =>
      isRefused && body.output_config?.format ? refuseSchema() : lookThenAnswer(body);
    const format = dialect.toFormat({ ...CITY, title: `${dialect.name} ${isRefused}` });
    const fields = { ...format, ...dialect.toTools('look') };
    const turns = TURNS[dialect.name] ?? [];
    for (const stream of [false, true]) {
      const asking = await askFor(
        proxy,
        dialect,
        { ...fields, messages: turns.slice(0, 1) },
        { stream },
      );
      const called = stream ? dialect.readStream(asking.messages) : dialect.readWhole(asking.body);
      expect(called.reason).toMatch(/^tool_(calls|use)$/);
      const sent = stream
        ? asking.messages.map(({ data }) => data).join()
        : JSON.stringify(asking.body);
      expect(sent).toContain('"name":"look"');

      const ending = await askFor(proxy, dialect, { ...fields, messages: turns }, { stream });
      const { text, reason } = stream
        ? dialect.readStream(ending.messages)
        : dialect.readWhole(ending.body);
      expect(JSON.parse(text)).toEqual(ANSWER);
      expect(reason).toMatch(/^(stop|end_turn)$/);
    }
  });
});

test('with tools that must not be called the JSON still comes', async () => {
  const dialect = JSON_DIALECTS.find(({ name }) => name === 'openai-chat');
  if (!dialect) throw new Error('The dialect is in the table.');
  proxy.model.answer = () => toolReply([{ name: 'StructuredOutput', input: ANSWER }]);
  const { status, body, upstream } = await askFor(proxy, dialect, {
    ...dialect.toTools('look'),
    tool_choice: 'none',
    response_format: { type: 'json_object' },
  });
  expect(status).toBe(200);
  expect(JSON.parse(dialect.readWhole(body).text)).toEqual(ANSWER);
  expect(upstream.map(({ tools }) => tools?.map(({ name }) => name))).toEqual([
    ['StructuredOutput'],
  ]);
});

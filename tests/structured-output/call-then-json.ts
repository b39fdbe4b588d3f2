import { expect } from 'vitest';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import { toBlocks } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { askFor } from '../sampling/ask-for.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { CITY, type JsonDialect, readEnforced, refuseSchema } from './json-dialects.ts';

const CALL = { id: 'toolu_1', name: 'look', input: { q: 'x' } };
/** What the model gives in the end. */
export const ANSWER = { city: 'Bern' };

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

/** What `askCallThenJson` brings when all is well. */
export const CALL_THEN_JSON = {
  called: expect.stringMatching(/^tool_(calls|use)$/),
  sent: expect.stringContaining('"name":"look"'),
  answer: ANSWER,
  ended: expect.stringMatching(/^(stop|end_turn)$/),
};

/** Asks for JSON beside a tool, gets the call, and brings its result. */
export async function askCallThenJson(
  proxy: Proxy,
  dialect: JsonDialect,
  { isRefused, stream }: { isRefused: boolean; stream: boolean },
) {
  proxy.model.answer = (body) =>
    isRefused && body.output_config?.format ? refuseSchema() : lookThenAnswer(body);
  const format = dialect.toFormat({ ...CITY, title: `${dialect.name} ${isRefused}` });
  const fields = { ...format, ...dialect.toTools('look') };
  const turns = TURNS[dialect.name] ?? [];
  const asking = await askFor(
    proxy,
    dialect,
    { ...fields, messages: turns.slice(0, 1) },
    { stream },
  );
  const ending = await askFor(proxy, dialect, { ...fields, messages: turns }, { stream });
  const read = ({ messages, body }: typeof asking) =>
    stream ? dialect.readStream(messages) : dialect.readWhole(body);
  const { text, reason } = read(ending);
  return {
    called: read(asking).reason,
    sent: stream ? asking.messages.map(({ data }) => data).join() : JSON.stringify(asking.body),
    answer: JSON.parse(text) as unknown,
    ended: reason,
  };
}

import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { complaintOf } from '../complaint.ts';

const round = (id: string, resultId = id) => [
  { role: 'assistant', content: [{ type: 'tool_use', id, name: 'f', input: {} }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: resultId }] },
];

const complain = (...rounds: object[][]) =>
  complaintOf(anthropicMessages, {
    model: 'sonnet',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Hi' }, ...rounds.flat()],
  });

test('an id that comes twice is refused in the words of the API', async () => {
  expect(await complain(round('a'), round('b'), round('a'))).toMatchObject({
    param: 'messages',
    message: '`tool_use` ids must be unique',
  });
});

test.each([
  ['messages.1.content.0.id', round('')],
  ['messages.2.content.0.tool_use_id', round('a', '')],
])('an empty id is named: %s', async (param, messages) => {
  expect(await complain(messages)).toMatchObject({ code: 'invalid-request', param });
});

test('other ids are taken', async () => {
  expect(await complain(round('a.b'), round('a_b'))).toEqual({ code: 'accepted' });
});

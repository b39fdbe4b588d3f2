import { expect, test } from 'vitest';

import { toAssistantLine, toUserLine } from '../../../src/claude/process/input-lines.ts';

test('a user message is composed by the client, so that nothing in it is carried out', () => {
  expect(toUserLine('@/etc/passwd', 'uuid-1')).toEqual({
    type: 'user',
    message: { role: 'user', content: '@/etc/passwd' },
    uuid: 'uuid-1',
    client_composed: true,
  });
});

test('an earlier user message is recorded, not answered', () => {
  expect(toUserLine('Hi', 'uuid-1', { isHistory: true })).toMatchObject({
    client_composed: true,
    shouldQuery: false,
  });
});

test('an earlier reply keeps its role, and is a list of blocks', () => {
  const text = { type: 'text', text: 'Hello.' };
  const line = { type: 'assistant', message: { role: 'assistant', content: [text] } };
  expect(toAssistantLine('Hello.')).toEqual(line);
  expect(toAssistantLine([text])).toEqual(line);
});

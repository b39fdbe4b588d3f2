import { describe, expect, test } from 'vitest';

import type { Message, Part } from '../../src/run.ts';
import { sayConversation } from '../../src/runner/history.ts';
import { createFakeProcess, say } from './chat-request.ts';

/** The lines that the CLI is told for a conversation. */
async function tell(messages: readonly Message[]) {
  const { process, said } = createFakeProcess();
  await sayConversation(process, messages, 'claude-full-id');
  return said;
}

async function tellBlocks(role: Message['role'], ...parts: Part[]) {
  const [line] = await tell([{ role, parts }, say('user', 'Go on.')]);
  return line;
}

test('only the last message is answered, and every user line has an id of its own', async () => {
  const said = await tell([say('user', 'One'), say('assistant', 'Two'), say('user', 'Three')]);

  expect(said).toEqual([
    {
      type: 'user',
      message: { role: 'user', content: 'One' },
      uuid: expect.any(String),
      client_composed: true,
      shouldQuery: false,
    },
    {
      type: 'assistant',
      message: { role: 'assistant', model: 'claude-full-id', content: 'Two' },
    },
    {
      type: 'user',
      message: { role: 'user', content: 'Three' },
      uuid: expect.any(String),
      client_composed: true,
    },
  ]);
  const ids = said.flatMap((line) => ('uuid' in line ? [line.uuid] : []));
  expect(new Set(ids).size).toBe(2);
});

describe('as blocks', () => {
  test('calls, and the thinking that the API signed', async () => {
    const line = await tellBlocks(
      'assistant',
      { type: 'reasoning', text: 'Hm.', signature: 'c2ln' },
      { type: 'reasoning', text: 'Not signed.', signature: undefined },
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', id: 'toolu_1', name: 'look', input: { at: 'it' } },
    );

    expect(line).toMatchObject({
      message: {
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'text', text: 'Let me see.' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'it' } },
        ],
      },
    });
  });

  test('results with all that is in them', async () => {
    const line = await tellBlocks(
      'user',
      { type: 'tool-result', callId: 'toolu_1', content: [], isError: false },
      {
        type: 'tool-result',
        callId: 'toolu_2',
        content: [
          { type: 'text', text: 'seen' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
          { type: 'document', source: { kind: 'text', text: 'a page' }, title: 'Page' },
        ],
        isError: true,
      },
    );

    expect(line).toMatchObject({
      message: {
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [] },
          {
            type: 'tool_result',
            tool_use_id: 'toolu_2',
            is_error: true,
            content: [
              { type: 'text', text: 'seen' },
              {
                type: 'image',
                source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
              },
              {
                type: 'document',
                title: 'Page',
                source: { type: 'text', media_type: 'text/plain', data: 'a page' },
              },
            ],
          },
        ],
      },
    });
  });

  test('what is elsewhere', async () => {
    const source = { kind: 'url', url: 'https://example.com/a.png' } as const;

    expect(await tellBlocks('user', { type: 'image', source })).toMatchObject({
      message: { content: [{ type: 'image', source: { type: 'url', url: source.url } }] },
    });
  });
});

test('a turn of which nothing is left is not said', async () => {
  const thought: Part = { type: 'reasoning', text: 'Hm.', signature: undefined };

  expect(await tell([{ role: 'assistant', parts: [thought] }, say('user', 'Hi.')])).toHaveLength(1);
});

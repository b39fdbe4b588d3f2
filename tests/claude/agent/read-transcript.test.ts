import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { readTranscript } from '../../../src/claude/agent/transcripts.ts';

const ID = '5f0c2d1e-8a44-4c57-9f0b-0d6a3f1f2b11';
const AT = '2026-11-24T10:00:00.000Z';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
  await mkdir(join(folder, 'projects/-empty'), { recursive: true });
  await mkdir(join(folder, 'projects/-work'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (type: string, content: unknown, more: object = {}) =>
  JSON.stringify({ type, timestamp: AT, message: { role: type, content }, ...more });

const reply = (id: string, ...content: object[]) =>
  JSON.stringify({ type: 'assistant', timestamp: AT, message: { id, content } });

/** What is read of a file with these lines. */
async function read(lines: readonly string[], limit = 10) {
  await writeFile(join(folder, `projects/-work/${ID}.jsonl`), lines.join('\n'));
  return readTranscript(folder, ID, limit);
}

test('words, thinking, calls and results, whoever said them', async () => {
  const page = await read([
    line('user', 'Look.\u2028Now.'),
    reply('msg_1', { type: 'thinking', thinking: 'Hm.' }),
    reply('msg_1', { type: 'text', text: 'I look.' }),
    reply('msg_1', { type: 'tool_use', id: 'toolu_1', name: 'Read', input: { path: 'a' } }),
    line('user', [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'seen' }] },
      { type: 'tool_result', tool_use_id: 'toolu_2', content: 'no', is_error: true },
      { type: 'image', source: {} },
    ]),
    reply('msg_2', { type: 'text', text: 'Done.' }),
  ]);

  expect(page).toEqual({
    hasMore: false,
    messages: [
      { role: 'user', at: AT, parts: [{ type: 'text', text: 'Look.\u2028Now.' }] },
      {
        role: 'assistant',
        at: AT,
        parts: [
          { type: 'reasoning', text: 'Hm.' },
          { type: 'text', text: 'I look.' },
          { type: 'tool-call', id: 'toolu_1', name: 'Read', input: { path: 'a' } },
        ],
      },
      {
        role: 'user',
        at: AT,
        parts: [
          { type: 'tool-result', callId: 'toolu_1', text: 'seen', isError: false },
          { type: 'tool-result', callId: 'toolu_2', text: 'no', isError: true },
          { type: 'other', kind: 'image' },
        ],
      },
      { role: 'assistant', at: AT, parts: [{ type: 'text', text: 'Done.' }] },
    ],
  });
});

test('not what the CLI noted for itself, nor what agents of the agent said, nor a cut line', async () => {
  const { messages } = await read([
    '{"type":"summary","summary":"A talk"}',
    line('user', 'Meta.', { isMeta: true }),
    line('user', 'Aside.', { isSidechain: true }),
    'not JSON',
    line('user', 'Hello.'),
    '{"type":"assistant","mess',
  ]);

  expect(messages).toMatchObject([{ parts: [{ text: 'Hello.' }] }]);
});

test('the ids of the user’s messages, and nothing that was taken back', async () => {
  const { messages } = await read([
    line('user', 'Stays.', { uuid: 'one' }),
    line('assistant', [{ type: 'text', text: 'Yes.' }], { uuid: 'reply' }),
    line('user', 'Goes.', { uuid: 'two' }),
    line('assistant', [{ type: 'text', text: 'Goes, too.' }]),
    '{"type":"last-prompt","lastPrompt":"Stays.","cutUuid":"two"}',
    line('user', 'Instead.', { uuid: 'three' }),
  ]);

  expect(messages).toMatchObject([
    { id: 'one', parts: [{ text: 'Stays.' }] },
    { role: 'assistant', parts: [{ text: 'Yes.' }] },
    { id: 'three', parts: [{ text: 'Instead.' }] },
  ]);
  expect(messages[1]).not.toHaveProperty('id');
});

test('the last ones, when there are more', async () => {
  const said = Array.from({ length: 5 }, (_, index) => line('user', `Message ${index}.`));

  const { messages, hasMore } = await read(said, 2);

  expect(hasMore).toBe(true);
  expect(messages.map(({ parts }) => parts)).toEqual([
    [{ type: 'text', text: 'Message 3.' }],
    [{ type: 'text', text: 'Message 4.' }],
  ]);
});

test('nothing of a session without a transcript', async () => {
  const page = { messages: [], hasMore: false };

  expect(await readTranscript(folder, ID, 10)).toEqual(page);
  expect(await readTranscript(join(folder, 'nowhere'), ID, 10)).toEqual(page);
});

import { expect, test } from 'vitest';

import { createCountTokens } from '../../../src/claude/chat/count-tokens.ts';
import type { ChatProcess } from '../../../src/claude/chat/chat-process.ts';
import { createAbilities, createFakeChat, toChatRequest, toTurn } from '../chat-request.ts';

const NEVER = new AbortController().signal;

/** Counts by a CLI that says seven; tells what became of its process. */
async function count(model: string, signal = NEVER) {
  const request = toChatRequest({ model, instructions: ['Be brief.'] });
  const { chat, asked, countEnds } = createFakeChat({
    turn: toTurn(request),
    reply: { totalTokens: 7 },
  });
  const given: ChatProcess[] = [];
  const countTokens = createCountTokens({
    openChat: () => Promise.resolve(chat),
    kept: { giveBack: (one) => void given.push(one) },
    readAbilities: () => Promise.resolve(createAbilities()),
  });
  const tokens = await countTokens(request, signal).catch((error: unknown) => error);
  return { tokens, asked, countEnds, given, chat };
}

test('the CLI counts, and its process serves the caller on', async () => {
  const { tokens, asked, countEnds, given, chat } = await count('sonnet');
  expect(tokens).toBe(7);
  expect(asked.at(-1)).toEqual({ subtype: 'get_context_usage' });
  expect(asked).not.toContainEqual(expect.objectContaining({ subtype: 'set_model' }));
  expect(given).toEqual([chat]);
  expect(countEnds()).toBe(0);
});

test('of a model that it does not know it asks the API, and its process goes', async () => {
  const { tokens, asked, countEnds, given } = await count('unheard-of');
  expect(tokens).toBe(7);
  expect(asked).toContainEqual({ subtype: 'set_model', model: 'unheard-of' });
  expect(given).toEqual([]);
  expect(countEnds()).toBe(1);
});

test('one whose caller has left goes, too', async () => {
  const left = new Error('The caller left.');
  const { tokens, countEnds, given } = await count('sonnet', AbortSignal.abort(left));
  expect(tokens).toBe(left);
  expect(given).toEqual([]);
  expect(countEnds()).toBeGreaterThan(0);
});

import { afterEach, expect, test, vi } from 'vitest';

import { RunError } from '../../../src/run-error.ts';
import { createCountTokens } from '../../../src/claude/chat/count-tokens.ts';
import type { Spare, Spares } from '../../../src/claude/spares.ts';
import { createAbilities, createFakeProcess, toChatRequest } from '../chat-request.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const NEVER = new AbortController().signal;
const BRIEF = toChatRequest({ instructions: ['Be brief.'] });

/** Spares of which each is made when it is taken. */
function createSparesOf(make: () => Spare): Spares {
  return {
    take: () => Promise.resolve(make()),
    takeReady: make,
    hasSpare: () => true,
    evict: () => false,
    retire: () => undefined,
    stop: () => undefined,
    ready: () => 1,
  };
}

test('the CLI counts, and its process goes', async () => {
  const { process, asked, countEnds } = createFakeProcess({ totalTokens: 7 });
  const countTokens = createCountTokens({
    spares: createSparesOf(() => ({ process, settings: undefined, isBound: false })),
    blanks: createSparesOf(() => ({ process, settings: undefined, isBound: false })),
    readAbilities: () => Promise.resolve(createAbilities()),
  });

  expect(await countTokens(BRIEF, NEVER)).toBe(7);
  expect(asked.at(-1)).toEqual({ subtype: 'get_context_usage' });
  expect(countEnds()).toBe(1);
});

test('a model that refuses other instructions is counted by a process that has none yet', async () => {
  const abilities = createAbilities();
  const countTokens = createCountTokens({
    spares: createSparesOf(() => {
      const { process } = createFakeProcess({ totalTokens: 7 });
      const { request } = { request: process.request.bind(process) };
      vi.spyOn(process, 'request').mockImplementation((asked) =>
        'system_prompt' in asked
          ? Promise.reject(new RunError('cli-failed', 'It does not take them.'))
          : request(asked),
      );
      return { process, settings: undefined, isBound: true };
    }),
    blanks: createSparesOf(() => {
      const { process } = createFakeProcess({ totalTokens: 7 });
      return { process, settings: undefined, isBound: false };
    }),
    readAbilities: () => Promise.resolve(abilities),
  });

  await countTokens(BRIEF, NEVER).catch(() => undefined); // that is how it is found out
  expect(await countTokens(BRIEF, NEVER)).toBe(7);
});

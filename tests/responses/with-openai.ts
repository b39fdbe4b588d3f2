import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { lastRequest } from '../tools/upstream.ts';

/** What the `openai` package asks of the Responses API, in the process and over a socket. */
export const HELLO = { model: 'sonnet', input: 'Hello.' } as const;

export const WEATHER = {
  type: 'function',
  name: 'weather',
  description: 'Tells the weather.',
  parameters: z.toJSONSchema(z.object({ city: z.string() })),
  strict: true,
} satisfies OpenAI.Responses.FunctionTool;

export const CALLS = [
  { name: 'weather', input: { city: 'Paris' } },
  { name: 'weather', input: { city: 'Rome' } },
];

type Connected = { openai: () => OpenAI; proxy: () => Parameters<typeof lastRequest>[0] };

/** A conversation is counted, compacted, and goes on from what came out. */
export function testCounting({ openai: connected, proxy }: Connected): void {
  test('a conversation is counted and compacted', async () => {
    const openai = connected();
    const { input_tokens } = await openai.responses.inputTokens.count(HELLO);
    expect(input_tokens).toBeGreaterThan(0);
    const { output, usage } = await openai.responses.compact({ ...HELLO, input: 'I like tea.' });
    expect(output.map(({ type }) => type)).toEqual(['message', 'compaction']);
    expect(usage.output_tokens).toBeGreaterThan(0);
    const input = [...output, { role: 'user', content: 'What do I like?' }];
    // What comes out of a compaction may go in again, though its types do not say so.
    await openai.responses.create({ ...HELLO, input: input as OpenAI.Responses.ResponseInput });
    expect(JSON.stringify(lastRequest(proxy()).body.messages)).toContain('I like tea.');
  });
}

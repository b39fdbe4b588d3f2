import { expect } from 'vitest';

import {
  ask,
  type Sender,
  type ToolDialect,
  type ToolRequest,
  type Turn,
} from './tool-dialects.ts';
import { callThenSay } from './upstream.ts';

export const TOOLS = [{ name: 'get_weather', description: 'Tells the weather.' }];
const QUESTION = { user: 'How is the weather?' };
export const CALLS = [
  { id: 'toolu_rome', name: 'get_weather', json: '{"city":"Rome"}' },
  { id: 'toolu_oslo', name: 'get_weather', json: '{"city":"Oslo"}' },
];
export const RESULTS = [
  { id: 'toolu_rome', content: 'sun' },
  { id: 'toolu_oslo', content: 'snow' },
] as const;
export const FOLLOW_UP: ToolRequest & { turns: readonly [Turn, Turn, Turn] } = {
  tools: TOOLS,
  turns: [QUESTION, { calls: CALLS, text: 'Let me see.' }, { results: RESULTS }],
};

/** What the follow-up has to be upstream when it is rebuilt. */
export const REPLAYED = [
  { role: 'user', content: [{ type: 'text', text: 'How is the weather?' }] },
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool_use', id: 'toolu_rome', name: 'get_weather', input: { city: 'Rome' } },
      { type: 'tool_use', id: 'toolu_oslo', name: 'get_weather', input: { city: 'Oslo' } },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_rome', content: [{ type: 'text', text: 'sun' }] },
      { type: 'tool_result', tool_use_id: 'toolu_oslo', content: [{ type: 'text', text: 'snow' }] },
    ],
  },
] as const;

export const modelAnswer = callThenSay([
  { id: 'toolu_rome', name: 'get_weather', input: { city: 'Rome' } },
  { id: 'toolu_oslo', name: 'get_weather', input: { city: 'Oslo' } },
]);

/** Lets the model call the tools. */
export async function call(
  proxy: Sender,
  dialect: ToolDialect,
  changes: Partial<ToolRequest> = {},
): Promise<void> {
  const { calls } = await ask(proxy, dialect, { turns: [QUESTION], tools: TOOLS, ...changes });
  expect(calls.map(({ id }) => id)).toEqual(['toolu_rome', 'toolu_oslo']);
}

import type { Answer } from '../../src/demo/model-server.ts';
import { refusalReply, toolReply } from '../../src/demo/replies.ts';

export const PERSON_SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
};

/** What a request asks for, in no API's words. */
export type Wanted = 'text' | 'tools' | 'json' | 'thinking';

/** Every kind of answer that the model can give. */
export const CASES: { name: string; wanted: Wanted; prompt?: string; answer?: Answer }[] = [
  { name: 'a text', wanted: 'text' },
  { name: 'a text that was cut off', wanted: 'text', prompt: 'demo:max_tokens' },
  { name: 'nothing', wanted: 'text', prompt: 'demo:empty' },
  { name: 'a refusal', wanted: 'text', answer: () => refusalReply('I will not.') },
  { name: 'a refusal without words', wanted: 'text', prompt: 'demo:refusal' },
  { name: 'thinking and a text', wanted: 'thinking', prompt: 'demo:think' },
  { name: 'JSON', wanted: 'json' },
  {
    name: 'a text and two calls',
    wanted: 'tools',
    answer: () =>
      toolReply(
        [
          { name: 'weather', input: { city: 'Paris' } },
          { name: 'weather', input: {} },
        ],
        { text: 'Let me see.' },
      ),
  },
];

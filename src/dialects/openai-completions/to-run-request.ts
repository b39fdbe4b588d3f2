import type { Caller, Message, RunRequest } from '../../run.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkConversation, toTurns } from '../shared/conversation.ts';
import { type NeutralValues, toIgnoredParams, toInnerParams } from '../shared/ignored-params.ts';
import { isOnScale, toTemperature } from '../shared/openai-sampling.ts';
import type { CompletionBody } from './body.ts';

const HONOURED: ReadonlySet<string> = new Set([
  'model',
  'prompt',
  'stream',
  'stream_options',
  'max_tokens',
  'top_p',
  'stop',
  'user',
]);

const NEUTRAL: NeutralValues = {
  temperature: isOnScale,
  n: () => true,
  best_of: () => true,
  echo: () => true,
  logprobs: () => true,
  suffix: () => true,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  logit_bias: (value) => Object.keys(Object(value)).length === 0,
};

const INNER = toInnerParams({
  'stream_options.include_obfuscation': (value) => value === false,
});

/** The prompt becomes the one message of a conversation. Throws `RunError` for a blank one. */
export function toRunRequest(body: CompletionBody, caller: Caller): TranslatedRequest {
  const text = [body.prompt].flat().join('');
  const messages: Message[] = toTurns([{ role: 'user', parts: [{ type: 'text', text }] }]);
  checkConversation(messages, 'prompt');
  const request: RunRequest = {
    model: body.model,
    instructions: [],
    messages,
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: {
      temperature: toTemperature(body.temperature),
      topP: body.top_p ?? undefined,
      topK: undefined,
      stop: body.stop ? [body.stop].flat() : undefined,
      maxOutputTokens: body.max_tokens ?? undefined,
    },
    thinking: { type: 'default' },
    effort: undefined,
    agent: undefined,
    caller: { ...caller, user: body.user ?? undefined },
  };
  const ignored = toIgnoredParams(body, HONOURED, NEUTRAL, INNER);
  return { request, isStream: body.stream ?? false, ignored };
}

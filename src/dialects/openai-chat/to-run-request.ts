import type { Caller, RunRequest, Sampling } from '../../run.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools } from '../shared/check-tools.ts';
import { checkConversation } from '../shared/conversation.ts';
import { type NeutralValues, toIgnoredParams, toInnerParams } from '../shared/ignored-params.ts';
import { toDescribed } from '../shared/to-described.ts';
import { isOnScale, toEffort, toTemperature, toThinking } from '../shared/openai-sampling.ts';
import type { ChatBody } from './body.ts';
import { withTools } from './from-functions.ts';
import { toConversation } from './to-conversation.ts';
import { toAllowed, toToolChoice, toToolPaths, toTools } from './tools.ts';

const HONOURED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'n',
  'functions',
  'function_call',
  'user',
]);

const NEUTRAL: NeutralValues = {
  temperature: isOnScale,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  logit_bias: (value) => Object.keys(Object(value)).length === 0,
  modalities: () => true,
  store: (value) => value === false,
  service_tier: (value) => value === 'auto' || value === 'default',
  verbosity: (value) => value === 'medium',
  metadata: (value) => Object.keys(Object(value)).length === 0,
};

const INNER = toInnerParams({
  'tools.*.function.strict': (value) => value === false,
  // A grammar is told to the model, but nothing holds it to that.
  'tools.*.custom.format': (format) => Object(format).type === 'text',
  // The messages of functions are named by what they answer.
  'messages.*.name': (_, holder) => 'role' in holder && holder.role === 'function',
  'messages.*.audio': () => false,
  'messages.*.content.*.image_url.detail': (value) => value === 'auto',
  'messages.*.content.*.prompt_cache_breakpoint': () => false,
  // A schema is described by it.
  'response_format.json_schema.description': (_, format) => 'schema' in format,
  'stream_options.include_obfuscation': (value) => value === false,
});

/** Throws `RunError` for a conversation that cannot be carried out. */
export function toRunRequest(given: ChatBody, caller: Caller): TranslatedRequest {
  const body = withTools(given);
  const { instructions, messages, isBent } = toConversation(body.messages);
  checkConversation(messages);
  const tools = toTools(body.tools ?? []);
  const request: RunRequest = {
    model: body.model,
    instructions,
    messages,
    tools: toAllowed(tools, body.tool_choice),
    toolChoice: toToolChoice(body.tool_choice),
    parallelToolCalls: body.parallel_tool_calls ?? true,
    output: toOutput(body.response_format),
    sampling: toSampling(body),
    thinking: toThinking(body.reasoning_effort),
    effort: toEffort(body.reasoning_effort),
    agent: undefined,
    caller: { ...caller, user: body.user ?? undefined },
  };
  checkTools({ ...request, tools }, toToolPaths(body.tools ?? []));
  return {
    request,
    isStream: body.stream ?? false,
    ignored: [...(isBent ? ['messages'] : []), ...toIgnoredParams(given, HONOURED, NEUTRAL, INNER)],
  };
}

function toOutput(format: ChatBody['response_format']): RunRequest['output'] {
  switch (format?.type) {
    case 'json_schema': {
      const schema = toDescribed(format.json_schema.schema, format.json_schema);
      return { type: 'json', schema, path: 'response_format' };
    }
    case 'json_object':
      return format.schema
        ? { type: 'json', schema: format.schema, path: 'response_format.schema' }
        : { type: 'json', schema: undefined };
    default:
      return { type: 'text' };
  }
}

function toSampling(body: ChatBody): Sampling {
  const { stop } = body;
  return {
    temperature: toTemperature(body.temperature),
    topP: body.top_p ?? undefined,
    topK: undefined,
    stop: typeof stop === 'string' ? [stop] : (stop ?? undefined),
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
  };
}

import type { Caller, RunRequest, Sampling, Tool, ToolChoice } from '../../run.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools, type ToolPaths } from '../shared/check-tools.ts';
import { checkConversation } from '../shared/conversation.ts';
import { type InnerParams, type NeutralValues, toIgnoredParams } from '../shared/ignored-params.ts';
import { isOnScale, toEffort, toTemperature, toThinking } from '../shared/openai-sampling.ts';
import type { ChatBody } from './body.ts';
import { toConversation } from './to-conversation.ts';

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
  'user',
]);

const NEUTRAL: NeutralValues = {
  temperature: isOnScale,
  n: (value) => value === 1,
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

const INNER: InnerParams = {
  'tools.*.function.strict': (value) => value === false,
  // The messages of functions are named by what they answer.
  'messages.*.name': (_, holder) => 'role' in holder && holder.role === 'function',
  'messages.*.content.*.image_url.detail': (value) => value === 'auto',
};

const TOOL_PATHS: ToolPaths = {
  toNamePath: (index) => `tools.${index}.function.name`,
  toSchemaPath: (index) => `tools.${index}.function.parameters`,
};

/** Throws `RunError` for a conversation that cannot be carried out. */
export function toRunRequest(body: ChatBody, caller: Caller): TranslatedRequest {
  const { instructions, messages, isBent } = toConversation(body.messages);
  checkConversation(messages);
  const tools = toTools(body.tools);
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
  checkTools({ ...request, tools }, TOOL_PATHS);
  return {
    request,
    isStream: body.stream ?? false,
    ignored: [...(isBent ? ['messages'] : []), ...toIgnoredParams(body, HONOURED, NEUTRAL, INNER)],
  };
}

function toToolChoice(choice: ChatBody['tool_choice']): ToolChoice {
  if (typeof choice !== 'object' || !choice) return { type: choice ?? 'auto' };
  if (choice.type === 'function') return { type: 'tool', name: choice.function.name };
  return { type: choice.allowed_tools.mode };
}

function toTools(tools: ChatBody['tools']): Tool[] {
  return (tools ?? []).map(({ function: { name, description, parameters } }, index) => ({
    name,
    description: description ?? undefined,
    inputSchema: parameters ?? { type: 'object', properties: {} },
    path: TOOL_PATHS.toSchemaPath(index),
  }));
}

function toAllowed(tools: readonly Tool[], choice: ChatBody['tool_choice']): readonly Tool[] {
  if (typeof choice !== 'object' || choice?.type !== 'allowed_tools') return tools;
  const allowed = new Set(choice.allowed_tools.tools.map((tool) => tool.function.name));
  return tools.filter(({ name }) => allowed.has(name));
}

function toOutput(format: ChatBody['response_format']): RunRequest['output'] {
  switch (format?.type) {
    case 'json_schema':
      return { type: 'json', schema: format.json_schema.schema, path: 'response_format' };
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

import type { Caller, RunRequest, Tool, ToolChoice } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools, type ToolPaths } from '../shared/check-tools.ts';
import { checkConversation } from '../shared/conversation.ts';
import { type InnerParams, type NeutralValues, toIgnoredParams } from '../shared/ignored-params.ts';
import { isOnScale, toEffort, toTemperature, toThinking } from '../shared/openai-sampling.ts';
import { type FunctionTool, type ResponsesBody, toInputItems } from './body.ts';
import { toConversation } from './to-conversation.ts';

const HONOURED: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'previous_response_id',
  'stream',
  'store',
  'background',
  'include',
  'metadata',
  'top_p',
  'max_output_tokens',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'user',
  'safety_identifier',
]);

const NEUTRAL: NeutralValues = {
  temperature: isOnScale,
  max_tool_calls: () => true, // it counts hosted tools only
  stream_options: () => true,
  top_logprobs: () => true,
  truncation: (value) => value === 'disabled',
  service_tier: (value) => value === 'auto' || value === 'default',
};

const INNER: InnerParams = {
  'tools.*.strict': (value) => value === false,
  'text.verbosity': (value) => value === 'medium',
  'input.*.content.*.detail': (value) => value === 'auto',
};

const TOOL_PATHS: ToolPaths = {
  toNamePath: (index) => `tools.${index}.name`,
  toSchemaPath: (index) => `tools.${index}.parameters`,
};

/** Throws `RunError` for a conversation that cannot be carried out. */
export function toRunRequest(body: ResponsesBody, caller: Caller): TranslatedRequest {
  const { instructions, messages, isBent } = toConversation(toInputItems(body.input));
  checkConversation(messages, 'input');
  refuseUnkept(body);
  const request: RunRequest = {
    model: body.model,
    instructions: [...(body.instructions?.trim() ? [body.instructions] : []), ...instructions],
    messages,
    tools: toTools(body),
    toolChoice: toToolChoice(body.tool_choice),
    parallelToolCalls: body.parallel_tool_calls ?? true,
    output: toOutput(body.text?.format),
    sampling: {
      temperature: toTemperature(body.temperature),
      topP: body.top_p ?? undefined,
      topK: undefined,
      stop: undefined,
      maxOutputTokens: body.max_output_tokens ?? undefined,
    },
    thinking: toThinking(body.reasoning?.effort),
    effort: toEffort(body.reasoning?.effort),
    agent: undefined,
    caller: { ...caller, user: body.safety_identifier ?? body.user ?? undefined },
  };
  checkTools({ ...request, tools: (body.tools ?? []).map(toTool) }, TOOL_PATHS);
  const ignored = [
    ...(isBent ? ['input'] : []),
    ...toIgnoredParams(body, HONOURED, NEUTRAL, INNER),
  ];
  return { request, isStream: body.stream ?? false, ignored };
}

/** What runs in the background can only be asked for later if it is kept. */
function refuseUnkept({ background, store }: ResponsesBody) {
  if (!background || store !== false) return;
  throw new RunError('invalid-request', 'A background response has to be stored.', {
    param: 'background',
  });
}

function toTools({ tools, tool_choice: choice }: ResponsesBody): Tool[] {
  const all = (tools ?? []).map(toTool);
  if (typeof choice !== 'object' || choice?.type !== 'allowed_tools') return all;
  const allowed = new Set(choice.tools.map(({ name }) => name));
  return all.filter(({ name }) => allowed.has(name));
}

function toTool({ name, description, parameters }: FunctionTool, index: number): Tool {
  return {
    name,
    description: description ?? undefined,
    inputSchema: parameters ?? { type: 'object', properties: {} },
    path: TOOL_PATHS.toSchemaPath(index),
  };
}

function toToolChoice(choice: ResponsesBody['tool_choice']): ToolChoice {
  if (typeof choice !== 'object' || !choice) return { type: choice ?? 'auto' };
  return choice.type === 'function' ? { type: 'tool', name: choice.name } : { type: choice.mode };
}

function toOutput(format: NonNullable<ResponsesBody['text']>['format']): RunRequest['output'] {
  switch (format?.type) {
    case 'json_schema':
      return { type: 'json', schema: format.schema, path: 'text.format' };
    case 'json_object':
      return format.schema
        ? { type: 'json', schema: format.schema, path: 'text.format.schema' }
        : { type: 'json', schema: undefined };
    default:
      return { type: 'text' };
  }
}

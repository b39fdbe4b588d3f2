import type { Caller, RunRequest, Thinking, ToolChoice, WantedOutput } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools } from '../shared/check-tools.ts';
import { checkConversation } from '../shared/conversation.ts';
import { type NeutralValues, toIgnoredParams, toInnerParams } from '../shared/ignored-params.ts';
import type { MessagesBody } from './body.ts';
import { checkCallIds } from './check-call-ids.ts';
import { toConversation } from './to-conversation.ts';
import { readTools } from './tools.ts';

const HONOURED: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
]);

const NEUTRAL: NeutralValues = {
  stream_options: () => true,
};

const INNER = toInnerParams({
  'tools.*.strict': (value) => value === false,
  'tools.*.defer_loading': (value) => value === false,
  'tools.*.eager_input_streaming': (value) => value === false,
  'tools.*.input_examples': isEmptyList,
  'tools.*.allowed_callers': isEmptyList,
  'tools.*.max_characters': () => false,
  'tools.*.display_number': () => false,
  'output_config.task_budget': () => false,
  'thinking.block_binding': (value) => Object.keys(Object(value)).length === 0,
  'messages.*.content.*.toolset_name': () => false,
  ...toContentParams('messages.*.content.*'),
  ...toContentParams('messages.*.content.*.content.*'), // of a tool's result
});

/** What is not honoured of what a message or a result holds. */
function toContentParams(path: string) {
  return {
    [`${path}.citations`]: isSwitchedOff,
    [`${path}.context`]: () => false,
    [`${path}.transformations`]: isScaledDown,
    // Of a document in pieces only the texts are read.
    [`${path}.source.content.*`]: (piece: unknown) => Object(piece).type !== 'image',
  };
}

/** Throws `RunError` for a conversation that cannot be carried out. */
export function toRunRequest(body: MessagesBody, caller: Caller): TranslatedRequest {
  refuseThread(body);
  const { instructions, messages } = toConversation(body);
  checkCallIds(body);
  checkConversation(messages);
  const toolChoice = toToolChoice(body.tool_choice);
  const { tools, places, hosted } = readTools(body.tools ?? [], toolChoice);
  const request: RunRequest = {
    model: body.model,
    instructions,
    messages,
    tools,
    toolChoice,
    parallelToolCalls: toParallel(body.tool_choice),
    output: toOutput(body),
    sampling: {
      temperature: body.temperature ?? undefined,
      topP: body.top_p ?? undefined,
      topK: body.top_k ?? undefined,
      stop: body.stop_sequences ?? undefined,
      maxOutputTokens: body.max_tokens,
    },
    thinking: toThinking(body.thinking),
    effort: body.output_config?.effort ?? undefined,
    serviceTier: body.service_tier ?? undefined,
    agent: undefined,
    caller: { ...caller, user: body.metadata?.user_id ?? undefined },
  };
  checkTools(request, {
    toNamePath: (index) => `tools.${places[index]}.name`,
    toSchemaPath: (index) => `tools.${places[index]}.input_schema`,
  });
  return {
    request,
    isStream: body.stream ?? false,
    ignored: [...hosted, ...toIgnoredParams(body, HONOURED, NEUTRAL, INNER)],
  };
}

function isEmptyList(value: unknown) {
  return Array.isArray(value) && value.length === 0;
}

/** What is done with a large picture anyway. */
function isScaledDown(value: unknown) {
  return (Object(value).oversized_image ?? 'downsize') === 'downsize';
}

/** An earlier answer's citations stand in its texts as a list; nothing is asked for there. */
function isSwitchedOff(value: unknown, holder: object) {
  return ('type' in holder && holder.type === 'text') || Object(value).enabled === false;
}

/**
 * Server-side threads are not kept here. The SDK's tool runner, told so in these words, sends the
 * whole history instead; ignoring `thread` would answer a conversation that it has not sent.
 */
function refuseThread({ thread }: MessagesBody) {
  if (thread === undefined || thread === null) return;
  throw new RunError(
    'invalid-request',
    'thread: this server keeps no threads; send the whole history.',
    {
      param: 'thread',
      details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
    },
  );
}

function toOutput({ output_config: config, output_format: older }: MessagesBody): WantedOutput {
  if (config?.format)
    return { type: 'json', schema: config.format.schema, path: 'output_config.format.schema' };
  return older
    ? { type: 'json', schema: older.schema, path: 'output_format.schema' }
    : { type: 'text' };
}

function toToolChoice(choice: MessagesBody['tool_choice']): ToolChoice {
  if (!choice) return { type: 'auto' };
  if (choice.type === 'tool') return { type: 'tool', name: choice.name };
  return { type: choice.type === 'any' ? 'required' : choice.type };
}

function toParallel(choice: MessagesBody['tool_choice']) {
  return !(choice && 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use);
}

function toThinking(thinking: MessagesBody['thinking']): Thinking {
  switch (thinking?.type) {
    case 'enabled':
      return {
        type: 'budget',
        tokens: thinking.budget_tokens,
        display: thinking.display ?? undefined,
      };
    case 'adaptive':
      return { type: 'adaptive', display: thinking.display ?? undefined };
    case 'disabled':
      return { type: 'off' };
    case undefined:
      return { type: 'default' };
  }
}

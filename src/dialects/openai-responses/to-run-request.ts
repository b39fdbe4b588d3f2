import type { Caller, RunRequest } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools } from '../shared/check-tools.ts';
import { checkConversation } from '../shared/conversation.ts';
import { toDescribed } from '../shared/to-described.ts';
import { type NeutralValues, toIgnoredParams, toInnerParams } from '../shared/ignored-params.ts';
import { isOnScale, toEffort, toTemperature, toThinking } from '../shared/openai-sampling.ts';
import { type ResponsesBody, toInputItems } from './body.ts';
import { asksForCompaction, toCompactionBody } from './compaction-request.ts';
import type { InputItem } from './input-item.ts';
import { toConversation } from './to-conversation.ts';
import { chooseTools } from './tools/choose-tools.ts';
import { readTools } from './tools/read-tools.ts';

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

const INNER = toInnerParams({
  ...toToolParams('tools.*'),
  ...toToolParams('tools.*.tools.*'),
  ...toToolParams('input.*.tools.*'),
  ...toToolParams('input.*.tools.*.tools.*'),
  // Those of the input have been loaded.
  'tools.*.defer_loading': isFalse,
  'tools.*.tools.*.defer_loading': isFalse,
  'text.verbosity': (value) => value === 'medium',
  'reasoning.context': (value) => value === 'auto',
  'reasoning.mode': (value) => value === 'standard',
  'stream_options.include_obfuscation': isFalse,
  'input.*.async': isFalse,
  'input.*.content.*.detail': (value) => value === 'auto',
  'input.*.content.*.prompt_cache_breakpoint': () => false,
  'input.*.output.*.prompt_cache_breakpoint': () => false,
  // A picture that a tool of OpenAI's made.
  'input.*.result': (_, item) => 'type' in item && item.type !== 'image_generation_call',
});

function toToolParams(path: string) {
  return {
    [`${path}.strict`]: isFalse,
    [`${path}.format`]: isPlainText,
    [`${path}.async`]: isFalse,
    [`${path}.allowed_callers`]: (callers: unknown) =>
      Array.isArray(callers) && callers.every((caller) => caller === 'direct'),
  };
}

function isFalse(value: unknown) {
  return value === false;
}

/** A grammar is told to the model, but nothing holds it to that. */
function isPlainText(format: unknown) {
  return Object(format).type === 'text';
}

/** Throws `RunError` for a conversation that cannot be carried out. */
export function toRunRequest(body: ResponsesBody, caller: Caller): TranslatedRequest {
  const items = toInputItems(body.input);
  if (asksForCompaction(items)) {
    const compacting = toRunRequest(toCompactionBody(body, items), caller);
    return { ...compacting, isStream: body.stream ?? false };
  }
  const given = readTools(body);
  const { instructions, messages, isBent } = toConversation(items, given.tools);
  checkConversation(messages, 'input');
  refuseUnkept(body);
  const request: RunRequest = {
    model: body.model,
    instructions: [
      ...(body.instructions?.trim() ? [body.instructions] : []),
      ...instructions,
      ...given.notes,
    ],
    messages,
    ...chooseTools(body.tool_choice, given),
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
  const { tools } = given;
  checkTools(
    { tools: tools.map(({ offered }) => offered), toolChoice: request.toolChoice },
    {
      toNamePath: (index) => tools[index]?.namePath ?? 'tools',
      toSchemaPath: (index) => tools[index]?.offered.path ?? 'tools',
    },
  );
  const ignored = [
    ...(isBent ? ['input'] : []),
    ...given.hosted,
    ...toConfigurationUpdates(items),
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

/** Only the body's own settings hold. */
function toConfigurationUpdates(items: readonly InputItem[]) {
  return items.flatMap(({ type }, index) =>
    type === 'configuration_update' ? [`input.${index}`] : [],
  );
}

function toOutput(format: NonNullable<ResponsesBody['text']>['format']): RunRequest['output'] {
  switch (format?.type) {
    case 'json_schema':
      return { type: 'json', schema: toDescribed(format.schema, format), path: 'text.format' };
    case 'json_object':
      return format.schema
        ? { type: 'json', schema: format.schema, path: 'text.format.schema' }
        : { type: 'json', schema: undefined };
    default:
      return { type: 'text' };
  }
}

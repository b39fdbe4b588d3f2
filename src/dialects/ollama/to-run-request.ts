import type { Caller, RunRequest, Thinking } from '../../run.ts';
import type { TranslatedRequest } from '../dialect.ts';
import { checkTools, type ToolPaths } from '../shared/check-tools.ts';
import { checkConversation, toTurns } from '../shared/conversation.ts';
import { type NeutralValues, toIgnoredParams, toInnerParams } from '../shared/ignored-params.ts';
import { isOnScale, toTemperature } from '../shared/openai-sampling.ts';
import type { OllamaChatBody, OllamaGenerateBody } from './body.ts';
import { toImage } from './image.ts';
import { toModelName } from './model-name.ts';
import { toConversation } from './to-conversation.ts';

type SharedFields = Pick<
  OllamaChatBody,
  'model' | 'stream' | 'format' | 'options' | 'think' | 'logprobs'
>;

type Content = Pick<RunRequest, 'instructions' | 'messages' | 'tools'>;

const SHARED = ['model', 'stream', 'format', 'options', 'think'];
const CHAT: ReadonlySet<string> = new Set([...SHARED, 'messages', 'tools']);
const GENERATE: ReadonlySet<string> = new Set([...SHARED, 'prompt', 'system', 'images']);
const OPTIONS: ReadonlySet<string> = new Set(['top_p', 'top_k', 'stop', 'num_predict']);

const NEUTRAL: NeutralValues = {
  // No model is loaded here, so none has to be kept.
  keep_alive: () => true,
  logprobs: () => true,
  top_logprobs: (value) => value === 0,
  raw: (value) => value === false,
  suffix: () => true,
  template: (value) => value === '',
};

const INNER = toInnerParams({
  // What a model thought goes up again only with the API's proof, which this API cannot carry.
  'messages.*.thinking': (value) => value === '',
});

const TOOL_PATHS: ToolPaths = {
  toNamePath: (index) => `tools.${index}.function.name`,
  toSchemaPath: (index) => `tools.${index}.function.parameters`,
};

/** Throws `RunError` for a conversation that cannot be carried out. */
export function chatToRunRequest(body: OllamaChatBody, caller: Caller): TranslatedRequest {
  const tools = (body.tools ?? []).map(
    ({ function: { name, description, parameters } }, index) => ({
      name,
      description: description ?? undefined,
      inputSchema: parameters ?? { type: 'object', properties: {} },
      path: TOOL_PATHS.toSchemaPath(index),
    }),
  );
  const content = { ...toConversation(body), tools };
  checkConversation(content.messages);
  checkTools({ tools, toolChoice: { type: 'auto' } }, TOOL_PATHS);
  return toTranslated(body, content, CHAT, caller);
}

/** The prompt becomes the one message of a conversation. Throws `RunError` for a blank one. */
export function generateToRunRequest(body: OllamaGenerateBody, caller: Caller): TranslatedRequest {
  const images = (body.images ?? []).map((text, index) => toImage(text, `images.${index}`));
  const parts = [{ type: 'text' as const, text: body.prompt ?? '' }, ...images];
  const messages = toTurns([{ role: 'user', parts }]);
  checkConversation(messages, 'prompt');
  const instructions = body.system?.trim() ? [body.system] : [];
  return toTranslated(body, { instructions, messages, tools: [] }, GENERATE, caller);
}

function toTranslated(
  body: SharedFields,
  content: Content,
  honoured: ReadonlySet<string>,
  caller: Caller,
): TranslatedRequest {
  const options = body.options ?? {};
  const request: RunRequest = {
    ...content,
    model: toModelName(body.model),
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: toOutput(body.format),
    sampling: toSampling(options),
    thinking: toThinking(body.think),
    effort: typeof body.think === 'string' ? body.think : undefined,
    agent: undefined,
    caller,
  };
  const ignoredOptions = toIgnoredParams(options, OPTIONS, { temperature: isOnScale });
  return {
    request,
    isStream: body.stream ?? true,
    ignored: [
      ...toIgnoredParams(body, honoured, NEUTRAL, INNER),
      ...ignoredOptions.map((name) => `options.${name}`),
    ],
  };
}

function toOutput(format: SharedFields['format']): RunRequest['output'] {
  if (!format) return { type: 'text' };
  if (typeof format === 'string') return { type: 'json', schema: undefined };
  return { type: 'json', schema: format, path: 'format' };
}

function toSampling(options: NonNullable<SharedFields['options']>): RunRequest['sampling'] {
  const { temperature, top_p: topP, top_k: topK, stop, num_predict: most } = options;
  return {
    temperature: toTemperature(temperature),
    topP: topP ?? undefined,
    topK: topK ?? undefined,
    stop: stop ? [stop].flat() : undefined,
    maxOutputTokens: most && most > 0 ? most : undefined,
  };
}

function toThinking(think: SharedFields['think']): Thinking {
  if (think === undefined || think === null) return { type: 'default' };
  return think === false ? { type: 'off' } : { type: 'adaptive' };
}

import { countTokens } from '../count-tokens.ts';
import { toBlocks, type MessagesBody } from '../messages-body.ts';
import type { Rule } from './rule.ts';

const MAX_CACHE_MARKS = 4;
const CONTEXT_TOKENS = 200_000;
/** Models that exist only here, to meet a rule without a huge or unusual request. */
const SMALL_MODEL = 'claude-demo-small';
const SMALL_CONTEXT_TOKENS = 2_000;
const STRICT_MODEL = 'claude-demo-strict';

/** Rules about single fields of a request. */
export const REQUEST_RULES = {
  modelUnknown: {
    source: 'API reference, errors: 404 not_found_error "model: NAME"',
    status: 404,
    type: 'not_found_error',
    complaint: ({ model }) => (model.startsWith('claude-') ? undefined : `model: ${model}`),
  },
  maxTokensMissing: {
    source: 'API reference: max_tokens is required',
    generationOnly: true,
    complaint: ({ max_tokens }) =>
      max_tokens === undefined ? 'max_tokens: Field required' : undefined,
  },
  maxTokensInvalid: {
    source: 'API reference: max_tokens is an integer, minimum 1',
    generationOnly: true,
    complaint: ({ max_tokens = 1 }) => {
      if (!Number.isInteger(max_tokens)) return 'max_tokens: Input should be a valid integer';
      return max_tokens < 1 ? 'max_tokens: Input should be greater than or equal to 1' : undefined;
    },
  },
  temperatureRange: {
    source: 'API reference: temperature 0 to 1; message in anthropic-sdk-python issue 893',
    complaint: ({ temperature = 1 }) =>
      temperature < 0 || temperature > 1 ? 'temperature: range: 0..1' : undefined,
  },
  temperatureWithTopP: {
    source: 'Sonnet 4.5 and later; message in gptme issue 1110, opencode issue 28930',
    complaint: ({ temperature, top_p }) =>
      temperature !== undefined && top_p !== undefined
        ? '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
        : undefined,
  },
  samplingDeprecated: {
    source: 'API reference: models after Opus 4.6 take no sampling parameters',
    complaint: (body) => {
      if (body.model !== STRICT_MODEL) return undefined;
      const field = (['temperature', 'top_p', 'top_k'] as const).find(
        (name) => body[name] !== undefined,
      );
      return field && `\`${field}\` is deprecated for this model.`;
    },
  },
  cacheMarks: {
    source: 'Prompt caching guide: at most 4 cache breakpoints',
    complaint: (body) => {
      const found = countCacheMarks(body);
      return found > MAX_CACHE_MARKS
        ? `A maximum of 4 blocks with cache_control may be provided. Found ${found}.`
        : undefined;
    },
  },
  promptTooLong: {
    source: 'API, seen through the CLI: prompt is too long',
    generationOnly: true,
    complaint: (body) => {
      const maximum = body.model === SMALL_MODEL ? SMALL_CONTEXT_TOKENS : CONTEXT_TOKENS;
      const tokens = countTokens(body);
      return tokens > maximum
        ? `prompt is too long: ${tokens} tokens > ${maximum} maximum`
        : undefined;
    },
  },
} satisfies Record<string, Rule>;

function countCacheMarks({ system, tools, messages, cache_control }: MessagesBody): number {
  const blocks = [toBlocks(system), ...messages.map(({ content }) => toBlocks(content))].flat();
  const inner = blocks.flatMap(({ content }) => toBlocks(content));
  return [{ cache_control }, ...(tools ?? []), ...blocks, ...inner].filter(
    (item) => item.cache_control !== undefined && item.cache_control !== null,
  ).length;
}

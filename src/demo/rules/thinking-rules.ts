import { isThinkingOn } from '../messages-body.ts';
import type { Rule } from './rule.ts';

const MIN_BUDGET_TOKENS = 1024;
const MIN_TOP_P = 0.95;
const GUIDE =
  'Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking';

/** Rules about what goes with thinking and what does not. */
export const THINKING_RULES = {
  thinkingTemperature: {
    source: 'Extended thinking guide; message in one-hub issue 529',
    complaint: (body) =>
      isThinkingOn(body) && body.temperature !== undefined && body.temperature !== 1
        ? `\`temperature\` may only be set to 1 when thinking is enabled or in adaptive mode. ${GUIDE}`
        : undefined,
  },
  thinkingTopP: {
    source: 'Extended thinking guide: top_p between 0.95 and 1',
    complaint: (body) =>
      isThinkingOn(body) && body.top_p !== undefined && body.top_p < MIN_TOP_P
        ? `\`top_p\` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode. ${GUIDE}`
        : undefined,
  },
  thinkingTopK: {
    source: 'Extended thinking guide; message in quarkus-langchain4j issue 1812',
    complaint: (body) =>
      isThinkingOn(body) && body.top_k !== undefined
        ? `\`top_k\` must be unset when thinking is enabled. ${GUIDE}`
        : undefined,
  },
  thinkingForcedTool: {
    source: 'Extended thinking guide: no forced tool use',
    complaint: (body) =>
      isThinkingOn(body) && ['any', 'tool'].includes(body.tool_choice?.type ?? '')
        ? 'Thinking may not be enabled when tool_choice forces tool use.'
        : undefined,
  },
  clearThinkingWithoutThinking: {
    source: 'Message in claude-code issue 11971, CLIProxyAPI issue 4957',
    complaint: (body) =>
      !isThinkingOn(body) &&
      body.context_management?.edits?.some(({ type }) => type === 'clear_thinking_20251015')
        ? '`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive'
        : undefined,
  },
  thinkingType: {
    source: 'API reference: thinking is enabled, disabled or adaptive',
    complaint: ({ thinking }) =>
      thinking === undefined || ['enabled', 'disabled', 'adaptive'].includes(thinking.type)
        ? undefined
        : `thinking: Input tag '${thinking.type}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'`,
  },
  budgetMinimum: {
    source: 'API reference: budget_tokens at least 1024',
    complaint: ({ thinking }) => {
      if (thinking?.type !== 'enabled') return undefined;
      if (thinking.budget_tokens === undefined)
        return 'thinking.enabled.budget_tokens: Field required';
      return thinking.budget_tokens < MIN_BUDGET_TOKENS
        ? 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024'
        : undefined;
    },
  },
  budgetBelowMaxTokens: {
    source: 'API reference: budget_tokens less than max_tokens',
    generationOnly: true,
    complaint: ({ thinking, max_tokens = 0 }) =>
      thinking?.type === 'enabled' && max_tokens <= (thinking.budget_tokens ?? 0)
        ? `\`max_tokens\` must be greater than \`thinking.budget_tokens\`. ${GUIDE}`
        : undefined,
  },
} satisfies Record<string, Rule>;

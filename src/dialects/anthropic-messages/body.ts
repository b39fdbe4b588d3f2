import { z } from 'zod';

import { MessagesTool } from './tools.ts';

/**
 * The body of `POST /v1/messages`.
 * https://docs.claude.com/en/api/messages
 */

const Base64Source = z.looseObject({
  type: z.literal('base64'),
  media_type: z.string(),
  data: z.string(),
});

const UrlSource = z.looseObject({ type: z.literal('url'), url: z.string() });

const TextSource = z.looseObject({ type: z.literal('text'), data: z.string() });

const TextBlock = z.looseObject({ type: z.literal('text'), text: z.string() });

const ImageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [Base64Source, UrlSource]),
});

/** A document in pieces, of which only the texts are one here. */
const ContentSource = z.looseObject({
  type: z.literal('content'),
  content: z.union([z.string(), z.array(z.discriminatedUnion('type', [TextBlock, ImageBlock]))]),
});

const DocumentBlock = z.looseObject({
  type: z.literal('document'),
  source: z.discriminatedUnion('type', [Base64Source, UrlSource, TextSource, ContentSource]),
  title: z.string().nullish(),
});

const SearchResultBlock = z.looseObject({
  type: z.literal('search_result'),
  source: z.string(),
  title: z.string(),
  content: z.array(TextBlock),
});

/** A tool that was found by a search. */
const ToolReferenceBlock = z.looseObject({
  type: z.literal('tool_reference'),
  tool_name: z.string(),
});

/** What Anthropic's own tools did in an earlier turn. */
const HostedBlock = z.looseObject({
  type: z.enum([
    'server_tool_use',
    'web_search_tool_result',
    'web_fetch_tool_result',
    'code_execution_tool_result',
    'bash_code_execution_tool_result',
    'text_editor_code_execution_tool_result',
    'tool_search_tool_result',
    'advisor_tool_result',
    'mcp_tool_use',
    'mcp_tool_result',
    'container_upload',
  ]),
});

const ToolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
});

const ToolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z
    .union([
      z.string(),
      z.array(
        z.discriminatedUnion('type', [
          TextBlock,
          ImageBlock,
          DocumentBlock,
          SearchResultBlock,
          ToolReferenceBlock,
        ]),
      ),
    ])
    .optional(),
  is_error: z.boolean().optional(),
});

const ThinkingBlock = z.looseObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string().optional(),
});

const RedactedThinkingBlock = z.looseObject({
  type: z.literal('redacted_thinking'),
  data: z.string(),
});

const ContentBlock = z.discriminatedUnion('type', [
  TextBlock,
  ImageBlock,
  DocumentBlock,
  SearchResultBlock,
  ToolReferenceBlock,
  HostedBlock,
  ToolUseBlock,
  ToolResultBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
]);

const Text = z.union([z.string(), z.array(TextBlock)]);

const SpokenMessage = z.looseObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string(), z.array(ContentBlock)]),
});

const SystemMessage = z.looseObject({ role: z.literal('system'), content: Text });

const ToolChoice = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('auto'), disable_parallel_tool_use: z.boolean().optional() }),
  z.looseObject({ type: z.literal('any'), disable_parallel_tool_use: z.boolean().optional() }),
  z.looseObject({
    type: z.literal('tool'),
    name: z.string(),
    disable_parallel_tool_use: z.boolean().optional(),
  }),
  z.looseObject({ type: z.literal('none') }),
]);

/** How much of the thinking is shown. `updates` needs a beta that the CLI may not know. */
const Display = z.enum(['summarized', 'omitted', 'updates']);

const Thinking = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('enabled'),
    budget_tokens: z.int().min(1024),
    display: Display.nullish(),
  }),
  z.looseObject({ type: z.literal('adaptive'), display: Display.nullish() }),
  z.looseObject({ type: z.literal('disabled') }),
]);

const OutputFormat = z.looseObject({
  type: z.literal('json_schema'),
  schema: z.record(z.string(), z.unknown()),
});

export const MessagesBody = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().positive(),
  messages: z.array(z.discriminatedUnion('role', [SpokenMessage, SystemMessage])).min(1),
  system: Text.nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().nonnegative().nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  tools: z.array(MessagesTool).nullish(),
  tool_choice: ToolChoice.nullish(),
  thinking: Thinking.nullish(),
  service_tier: z.enum(['auto', 'standard_only']).nullish(),
  output_config: z
    .looseObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: OutputFormat.nullish(),
    })
    .nullish(),
  output_format: OutputFormat.nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  thread: z.unknown().optional(),
});

/** The body of `POST /v1/messages/count_tokens`: the same, and nothing need be said of the answer. */
export const CountTokensBody = MessagesBody.extend({ max_tokens: z.int().positive().default(1) });

export type MessagesBody = z.infer<typeof MessagesBody>;
export type ContentBlock = z.infer<typeof ContentBlock>;

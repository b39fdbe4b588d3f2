import { z } from 'zod';

import { readJson } from '../../common/read-json.ts';
import { SystemLine } from './system-lines.ts';

/**
 * The JSON lines that `claude --output-format stream-json` writes. Each schema names only the fields that
 * are read here; the full types are in `sdk.d.ts` of `@anthropic-ai/claude-agent-sdk`.
 */

const Usage = z.object({
  input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
  output_tokens_details: z.object({ thinking_tokens: z.number().nullish() }).nullish(),
});

/** By the full id of the model. */
export const ModelUsage = z.record(
  z.string(),
  z.object({
    inputTokens: z.number(),
    outputTokens: z.number(),
    cacheReadInputTokens: z.number(),
    cacheCreationInputTokens: z.number(),
    thinkingTokens: z.number().nullish(),
  }),
);

const ContentBlock = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('thinking') }),
  z.object({ type: z.literal('redacted_thinking'), data: z.string() }),
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string() }),
]);

const BlockDelta = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('signature_delta'), signature: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);

type DeltaType = z.infer<typeof BlockDelta>['type'];

/** The field that holds the text of each kind of delta. */
const DELTA_FIELDS = {
  text_delta: 'text',
  thinking_delta: 'thinking',
  signature_delta: 'signature',
  input_json_delta: 'partial_json',
} as const satisfies Record<DeltaType, string>;

/** The events of a streamed Messages API answer, as the CLI hands them on. */
const ApiEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message_start'),
    message: z.object({ id: z.string(), model: z.string(), usage: Usage }),
  }),
  z.object({
    type: z.literal('content_block_start'),
    index: z.number(),
    content_block: ContentBlock,
  }),
  z.object({ type: z.literal('content_block_delta'), index: z.number(), delta: BlockDelta }),
  z.object({ type: z.literal('content_block_stop'), index: z.number() }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({
      stop_reason: z.string().nullish(),
      stop_sequence: z.string().nullish(),
    }),
    usage: Usage.nullish(),
  }),
  z.object({ type: z.literal('message_stop') }),
]);

const StreamEventLine = z.object({
  type: z.literal('stream_event'),
  event: ApiEvent,
  parent_tool_use_id: z.string().nullish(),
});

const AssistantLine = z.object({
  type: z.literal('assistant'),
  parent_tool_use_id: z.string().nullish(),
  /** One finished block, in the API's notation. */
  message: z.unknown().optional(),
  /** A category such as `authentication_failed`; present when the CLI wrote this line itself. */
  error: z.string().nullish(),
});

const UserLine = z.object({
  type: z.literal('user'),
  parent_tool_use_id: z.string().nullish(),
  message: z.object({
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
  }),
});

const ResultLine = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  result: z.string().nullish(),
  errors: z.array(z.string()).nullish(),
  api_error_status: z.number().nullish(),
  terminal_reason: z.string().nullish(),
  stop_reason: z.string().nullish(),
  num_turns: z.number(),
  session_id: z.string(),
  /** Dollars of the session since it began, earlier processes included. */
  total_cost_usd: z.number().nullish(),
  /** The same in tokens, of all models, sub-agents included. */
  modelUsage: ModelUsage.nullish(),
  /** Tokens of this turn, without its sub-agents; zeros when the turn failed. */
  usage: Usage.nullish(),
  structured_output: z.unknown().optional(),
  permission_denials: z
    .array(
      z.object({
        tool_name: z.string(),
        tool_use_id: z.string(),
        tool_input: z.unknown().optional(),
      }),
    )
    .nullish(),
});

const RateLimitStatus = z.string().nullish();

/**
 * How far the account's plan is used up: comes behind an answer whose headers tell it, with a login that
 * has a plan (CLI 2.1.330). Shares are 0 to 1, times are seconds since 1970.
 */
const RateLimitLine = z.object({
  type: z.literal('rate_limit_event'),
  rate_limit_info: z.object({
    status: RateLimitStatus,
    rateLimitType: z.string().nullish(),
    utilization: z.number().nullish(),
    resetsAt: z.number().nullish(),
    /** What is beyond the plan is paid for, and not refused. */
    isUsingOverage: z.boolean().nullish(),
    unifiedWindows: z
      .record(
        z.string(),
        z.object({ utilization: z.number(), resetsAt: z.number(), status: RateLimitStatus }),
      )
      .nullish(),
  }),
});

/** What became of a user message that was sent in. */
const CommandLifecycleLine = z.object({
  type: z.literal('command_lifecycle'),
  command_uuid: z.string(),
  state: z.string(),
});

const ControlResponseLine = z.object({
  type: z.literal('control_response'),
  response: z.object({
    subtype: z.string(),
    request_id: z.string(),
    response: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
});

const ControlRequestLine = z.object({
  type: z.literal('control_request'),
  request_id: z.string(),
  request: z.looseObject({ subtype: z.string() }),
});

/** The CLI does not wait for the reply to its control request any more. */
const ControlCancelLine = z.object({
  type: z.literal('control_cancel_request'),
  request_id: z.string(),
});

const CliLine = z.discriminatedUnion('type', [
  StreamEventLine,
  AssistantLine,
  UserLine,
  ResultLine,
  SystemLine,
  CommandLifecycleLine,
  RateLimitLine,
  ControlResponseLine,
  ControlRequestLine,
  ControlCancelLine,
]);

/** A line of an unknown type: the CLI is released almost daily and gains new ones. */
type UnknownLine = { type: 'unknown' };

export type CliLine = z.infer<typeof CliLine> | UnknownLine;
export type ApiEvent = z.infer<typeof ApiEvent>;
export type ApiUsage = z.infer<typeof Usage>;
export type ModelUsage = z.infer<typeof ModelUsage>;
export type RateLimitInfo = z.infer<typeof RateLimitLine>['rate_limit_info'];
export type ResultLine = z.infer<typeof ResultLine>;

/** Reads one line of the CLI's stdout; `undefined` when it is not a message. */
export function readCliLine(text: string): CliLine | undefined {
  const parsed = readJson(text);
  if (isDeltaLine(parsed)) return parsed;
  if (typeof Object(parsed).type !== 'string') return undefined;
  const line = CliLine.safeParse(parsed);
  return line.success ? line.data : { type: 'unknown' };
}

/**
 * Nearly all lines of a long answer are deltas, so their few fields are checked here: the schema would
 * copy every object.
 */
function isDeltaLine(line: unknown): line is z.infer<typeof StreamEventLine> {
  const { type, event, parent_tool_use_id: parent } = Object(line);
  if (type !== 'stream_event' || Object(event).type !== 'content_block_delta') return false;
  const { index, delta } = event;
  const field = DELTA_FIELDS[Object(delta).type as DeltaType];
  return (
    typeof index === 'number' &&
    typeof Object(delta)[field] === 'string' &&
    (parent == null || typeof parent === 'string')
  );
}

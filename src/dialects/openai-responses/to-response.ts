import type { TokenUsage } from '../../run.ts';
import type { RunError } from '../../run-error.ts';
import type { Exchange } from '../dialect.ts';
import { toSeconds } from '../shared/openai-answer.ts';
import type { ResponsesBody } from './body.ts';
import { toResponseError } from './failures.ts';
import type { OutputItem } from './output-item.ts';
import type { Tool } from './tools/tool-schema.ts';

export type ResponseStatus =
  | 'queued'
  | 'in_progress'
  | 'completed'
  | 'incomplete'
  | 'failed'
  | 'cancelled';

/** What of a response is not an echo of its request. */
export type ResponseState = {
  status: ResponseStatus;
  model: string;
  output: readonly OutputItem[];
  usage: TokenUsage | undefined;
  completedAtMs: number | undefined;
};

export type Response = ReturnType<typeof toResponse>;

/** A `response` object, at any time of its life. */
export function toResponse(exchange: Exchange<ResponsesBody>, state: ResponseState) {
  return {
    id: toResponseId(exchange.requestId),
    object: 'response',
    created_at: toSeconds(exchange.arrivedAtMs),
    status: state.status,
    completed_at: state.completedAtMs === undefined ? null : toSeconds(state.completedAtMs),
    error: null as ReturnType<typeof toResponseError> | null,
    incomplete_details: state.status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    model: state.model,
    output: state.output,
    usage: state.usage === undefined ? null : toUsage(state.usage),
    ...toEchoes(exchange.body),
  };
}

/** Whether a response will not change any more. */
export function isEnded({ status }: Response): boolean {
  return status !== 'queued' && status !== 'in_progress';
}

/** The same response, ended without an answer: cancelled, or failed. */
export function toEndedResponse(response: Response, error: RunError): Response {
  if (error.code === 'cancelled') return { ...response, status: 'cancelled' };
  return { ...response, status: 'failed', error: toResponseError(error) };
}

/** A stored response whose server stopped before it was complete. */
export function toInterruptedResponse(response: Readonly<Record<string, unknown>>) {
  const message = 'The server was stopped before the response was complete.';
  return { ...response, status: 'failed', error: { code: 'server_error', message } };
}

/** The id of the response to a request, known before there is an answer. */
export function toResponseId(requestId: string): string {
  return `resp_${requestId.replace(/^req_/, '')}`;
}

function toEchoes(body: ResponsesBody) {
  return {
    background: body.background ?? false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: body.reasoning?.effort ?? null, summary: body.reasoning?.summary ?? null },
    safety_identifier: body.safety_identifier ?? null,
    service_tier: 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: { format: body.text?.format ?? { type: 'text' }, verbosity: 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: (body.tools ?? []).map(toEchoedTool),
    top_logprobs: 0,
    top_p: body.top_p ?? 1,
    truncation: 'disabled',
    presence_penalty: 0,
    frequency_penalty: 0,
    access_programs: null,
    ...(body.user && { user: body.user }),
  };
}

function toEchoedTool(given: Tool): object {
  if (given.type === 'namespace') return { ...given, tools: given.tools.map(withoutStrict) };
  if (given.type !== 'function') return given;
  const { description, parameters, strict, ...tool } = given;
  return {
    ...tool,
    description: description ?? null,
    parameters: parameters ?? null,
    strict: typeof strict === 'boolean' ? false : null, // the model is not held to it as it writes
  };
}

function withoutStrict(tool: object) {
  return 'strict' in tool && tool.strict === true ? { ...tool, strict: false } : tool;
}

/** OpenAI counts cached tokens among the input tokens; the Messages API counts them apart. */
export function toUsage(usage: TokenUsage) {
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheRead,
      cache_write_tokens: usage.cacheWrite,
    },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input + usage.output,
  };
}

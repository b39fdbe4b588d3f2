import type { AgentSummary, RunEvent, RunFinish, RunProgress } from '../../run.ts';
import { brokenStream, processEnded, toRetryError, toTurnError } from '../process/failures.ts';
import type { CliLine, ResultLine } from '../process/protocol.ts';
import { HEARD, toFinish, toPartEvent, toRunStart, toTokenUsage } from '../process/to-run-event.ts';

type UserLine = Extract<CliLine, { type: 'user' }>;

/** Ends of an agent's run that are no failure: the caller's own limits. */
const LIMITS: Readonly<Record<string, RunFinish>> = {
  error_max_turns: 'max-turns',
  error_max_budget_usd: 'max-budget',
};

export type AgentReading = { model: string; sessionId: string | undefined };

/**
 * A whole agent run: all its messages, tool calls and tool results as parts counted through, and the
 * CLI's own result as the end. What subagents say among themselves stays inside.
 */
export async function* readAgentEvents(
  lines: AsyncIterable<CliLine>,
  { model, sessionId }: AgentReading,
): AsyncIterable<RunEvent | RunProgress> {
  let hasStarted = false;
  let isInMessage = false;
  let hasStopReason = false;
  let hasRetried = false;
  let parts = 0;
  let offset = 0;

  for await (const line of lines) {
    if (line.type === 'result') {
      yield toAgentEnd(line, { model, hasRetried });
      return;
    }
    if (line.type === 'system') {
      if (isInMessage) throw brokenStream();
      hasRetried = true;
      const error = hasStarted ? undefined : toRetryError(line);
      if (error) throw error;
    }
    if (line.type === 'user' && hasStarted && !line.parent_tool_use_id) {
      for (const event of toToolResultEvents(line, parts)) {
        yield event;
        if (event.type === 'part-end') parts += 1;
      }
    }
    if (line.type !== 'stream_event' || line.parent_tool_use_id) {
      yield HEARD;
      continue;
    }

    const { event } = line;
    if (event.type === 'message_start') {
      if (isInMessage) throw brokenStream();
      if (!hasStarted) yield toRunStart(event, sessionId);
      hasStarted = true;
      hasStopReason = false;
      offset = parts;
    } else if (event.type === 'message_delta') hasStopReason = Boolean(event.delta.stop_reason);
    // The CLI closes what broke off, without a stop reason, and says it all again.
    else if (event.type === 'message_stop') isInMessage &&= !hasStopReason;
    else {
      isInMessage = true;
      yield toPartEvent(event, offset);
      if (event.type === 'content_block_stop') parts += 1;
    }
  }
  throw processEnded('its output ended in the middle of a run');
}

function toAgentEnd(result: ResultLine, asked: { model: string; hasRetried: boolean }): RunEvent {
  const limit = LIMITS[result.subtype];
  if (!limit && (result.is_error || result.subtype !== 'success')) {
    throw toTurnError(result, asked);
  }
  return {
    type: 'run-end',
    finish: limit ?? toAgentFinish(result),
    stopSequence: undefined,
    usage: toTokenUsage(result.usage ?? {}),
    agent: toSummary(result),
  };
}

/** A structured answer is a tool call for the CLI, and an end like any other for the caller. */
function toAgentFinish({ stop_reason: stopReason }: ResultLine): RunFinish {
  const finish = toFinish(stopReason ?? 'end_turn');
  return finish === 'tool-calls' ? 'stop' : finish;
}

function toSummary(result: ResultLine): AgentSummary {
  return {
    result: result.result ?? '',
    turns: result.num_turns,
    costUsd: result.total_cost_usd ?? 0,
    permissionDenials: (result.permission_denials ?? []).map((denial) => ({
      toolName: denial.tool_name,
      toolUseId: denial.tool_use_id,
      toolInput: denial.tool_input,
    })),
    structuredOutput: result.structured_output,
  };
}

function* toToolResultEvents({ message }: UserLine, firstIndex: number): Iterable<RunEvent> {
  if (typeof message.content === 'string') return;
  let index = firstIndex;
  for (const block of message.content) {
    if (block.type !== 'tool_result') continue;
    const callId = String(block['tool_use_id']);
    const part = { type: 'tool-result', callId, isError: block['is_error'] === true } as const;
    yield { type: 'part-start', index, part };
    yield { type: 'part-delta', index, delta: toText(block['content']) };
    yield { type: 'part-end', index };
    index += 1;
  }
}

function toText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((block: { type?: unknown; text?: unknown }) =>
      block.type === 'text' ? String(block.text) : `[${String(block.type)}]`,
    )
    .join('\n');
}

import { z } from 'zod';

import type { AgentEvent, RunEvent } from '../../run.ts';
import type { CliLine } from '../process/protocol.ts';
import { AgentContent, toAgentParts, toOutputText } from './to-agent-parts.ts';

const Message = z.object({ content: AgentContent });

/** The events of a line that is not the agent's own answer: of sub-agents, and of denied tools. */
export function toSideEvents(line: CliLine): readonly AgentEvent[] {
  if (line.type === 'system') {
    if (line.subtype !== 'permission_denied') return [];
    const { tool_use_id: callId, tool_name: toolName, message } = line;
    return [{ type: 'denial', callId, toolName, reason: message ?? '' }];
  }
  if (line.type !== 'assistant' && line.type !== 'user') return [];
  const { parent_tool_use_id: parentCallId } = line;
  const { data } = Message.safeParse(line.message);
  if (!parentCallId || !data) return [];
  return toAgentParts(data.content).map((part) => ({ type: 'subagent-part', parentCallId, part }));
}

/** The results of tools, as parts of the answer numbered from this index on. */
export function* toResultEvents(
  content: string | readonly Readonly<Record<string, unknown>>[],
  firstIndex: number,
): Iterable<RunEvent> {
  if (typeof content === 'string') return;
  let index = firstIndex;
  for (const block of content) {
    if (block['type'] !== 'tool_result') continue;
    const callId = String(block['tool_use_id']);
    const part = { type: 'tool-result', callId, isError: block['is_error'] === true } as const;
    yield { type: 'part-start', index, part };
    yield { type: 'part-delta', index, delta: toOutputText(block['content']) };
    yield { type: 'part-end', index };
    index += 1;
  }
}

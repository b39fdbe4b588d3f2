import { randomUUID } from 'node:crypto';

import type { ImagePart, DocumentPart, Message, Part, TextPart } from '../run.ts';
import type { AgentProcess } from './agent-process.ts';
import { type ContentBlocks, toAssistantLine, toUserLine } from './protocol.ts';

/** Replays all but the last message into a bound process, and says that one, which starts the turn. */
export async function sayConversation(
  process: AgentProcess,
  messages: readonly Message[],
  model?: string,
): Promise<void> {
  await replay(process, messages.slice(0, -1), model);
  const last = messages.at(-1);
  if (last) process.send(toUserLine(toBlocks(last.parts), randomUUID()));
}

/**
 * Replays messages with their true roles; none of them is answered. The CLI keeps the thinking in
 * those of the model that goes on, known by its full id: the API wants it beside tool calls. Each user message must be
 * confirmed before the reply to it goes in: written in one burst, the replies overtake.
 */
export async function replay(
  process: AgentProcess,
  messages: readonly Message[],
  model?: string,
): Promise<void> {
  for (const { role, parts } of messages) {
    const blocks = toBlocks(parts);
    if (blocks.length === 0) continue;
    if (role === 'assistant') process.send(toAssistantLine(blocks, model));
    else {
      process.send(toUserLine(blocks, randomUUID(), { isHistory: true }));
      await waitForResult(process);
    }
  }
}

async function waitForResult(process: AgentProcess) {
  for await (const line of process.lines()) {
    if (line.type === 'result') return;
  }
}

/** Parts as the content blocks of the Messages API; a lone text stays a string. */
function toBlocks(parts: readonly Part[]): ContentBlocks {
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'text') return only.text;
  return parts.map(toBlock).filter((block) => block !== undefined);
}

function toBlock(part: Part) {
  switch (part.type) {
    case 'text':
    case 'image':
    case 'document':
      return toContentBlock(part);
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: part.callId,
        content: part.content.map(toContentBlock),
        ...(part.isError && { is_error: true }),
      };
    case 'reasoning':
      // Without its signature the API refuses it.
      if (!part.signature) return undefined;
      return { type: 'thinking', thinking: part.text, signature: part.signature };
  }
}

function toContentBlock(part: TextPart | ImagePart | DocumentPart) {
  if (part.type === 'text') return { type: 'text', text: part.text };
  return {
    type: part.type,
    source: toSource(part.source),
    ...(part.type === 'document' && part.title !== undefined && { title: part.title }),
  };
}

function toSource(source: ImagePart['source']) {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'url':
      return { type: 'url', url: source.url };
  }
}

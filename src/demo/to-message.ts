import type { ContentBlock, StartedMessage, StreamEvent } from './stream-events.ts';

/** The whole message that a list of events adds up to. */
export function toMessage(events: readonly StreamEvent[]): StartedMessage | undefined {
  let message: StartedMessage | undefined;
  const json: string[] = [];
  for (const event of events) {
    if (event.type === 'message_start') message = structuredClone(event.message);
    if (!message) continue;
    if (event.type === 'content_block_start')
      message.content[event.index] = structuredClone(event.content_block);
    if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta')
      json[event.index] = (json[event.index] ?? '') + event.delta.partial_json;
    if (event.type === 'content_block_delta') addDelta(message.content[event.index], event.delta);
    if (event.type === 'content_block_stop')
      endBlock(message.content[event.index], json[event.index]);
    if (event.type === 'message_delta') {
      Object.assign(message, event.delta);
      Object.assign(message.usage, event.usage);
    }
  }
  return message;
}

function addDelta(
  block: ContentBlock | undefined,
  delta: Extract<StreamEvent, { type: 'content_block_delta' }>['delta'],
): void {
  if (block?.type === 'text' && delta.type === 'text_delta') block.text += delta.text;
  if (block?.type !== 'thinking') return;
  if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
  if (delta.type === 'signature_delta') block.signature = delta.signature;
}

function endBlock(block: ContentBlock | undefined, json: string | undefined): void {
  if (block?.type === 'tool_use' && json) block.input = JSON.parse(json);
}

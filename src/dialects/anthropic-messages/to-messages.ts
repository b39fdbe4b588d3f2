import type { RunEvent, StartedPart } from '../../run.ts';
import { isAgentOnly } from '../../run-answer.ts';
import type { SseMessage } from '../dialect.ts';
import { toCall, toCounts, toMessageHead, toStop, toUsage } from './to-answer.ts';

/** The events of a streamed message, named and ordered as the Messages API has them. */
export async function* toMessages(events: AsyncIterable<RunEvent>): AsyncIterable<SseMessage> {
  const parts = new Map<number, StartedPart>();

  for await (const event of events) {
    if (isAgentOnly(event)) continue;
    switch (event.type) {
      case 'run-start':
        yield toMessage({
          type: 'message_start',
          message: {
            ...toMessageHead(event),
            content: [],
            stop_reason: null,
            stop_sequence: null,
            // LangChain adds this count to the cumulative one at the end.
            usage: { ...toUsage(event.usage), output_tokens: 0 },
          },
        });
        yield toMessage({ type: 'ping' });
        break;
      case 'part-start': {
        parts.set(event.index, event.part);
        const block = toEmptyBlock(event.part);
        if (block) yield toBlockMessage('start', event.index, { content_block: block });
        break;
      }
      case 'part-delta': {
        const delta = toDelta(parts.get(event.index), event.delta);
        if (delta) yield toBlockMessage('delta', event.index, { delta });
        break;
      }
      case 'part-signature': {
        const delta = { type: 'signature_delta', signature: event.signature };
        yield toBlockMessage('delta', event.index, { delta });
        break;
      }
      case 'part-end':
        yield toBlockMessage('stop', event.index, {});
        break;
      case 'run-end':
        yield toMessage({
          type: 'message_delta',
          delta: { ...toStop(event), container: null, stop_details: null },
          usage: toCounts(event.usage),
        });
        yield toMessage({ type: 'message_stop' });
    }
  }
}

function toMessage(event: { type: string; [field: string]: unknown }): SseMessage {
  return { event: event.type, data: JSON.stringify(event) };
}

function toBlockMessage(what: 'start' | 'delta' | 'stop', index: number, fields: object) {
  return toMessage({ type: `content_block_${what}`, index, ...fields });
}

function toEmptyBlock(part: StartedPart): object | undefined {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: '', citations: null };
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redacted-reasoning':
      return { type: 'redacted_thinking', data: part.data };
    case 'tool-call':
      return toCall(part, {});
    case 'tool-result':
      return undefined;
  }
}

function toDelta(part: StartedPart | undefined, delta: string): object | undefined {
  switch (part?.type) {
    case 'text':
      return { type: 'text_delta', text: delta };
    case 'reasoning':
      return { type: 'thinking_delta', thinking: delta };
    case 'tool-call':
      return { type: 'input_json_delta', partial_json: delta };
    default:
      return undefined;
  }
}

import type { RunEvent, StartedPart } from '../../run.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { FINISH_REASONS, toRefusal, toSeconds, toUsage } from '../shared/openai-answer.ts';
import type { ChatBody } from './body.ts';
import { createCallDeltas } from './call-deltas.ts';
import { toCompletionId } from './to-answer.ts';
import { toCustomNames } from './tools.ts';

/** The chunks of a streamed `chat.completion`, `[DONE]` last. */
export async function* toMessages(
  events: AsyncIterable<RunEvent>,
  { body, arrivedAtMs }: Exchange<ChatBody>,
): AsyncIterable<SseMessage> {
  const includeUsage = body.stream_options?.include_usage ?? false;
  const head = {
    id: '',
    object: 'chat.completion.chunk',
    created: toSeconds(arrivedAtMs),
    model: '',
  };
  const parts = new Map<number, StartedPart>();
  const calls = createCallDeltas(toCustomNames(body.tools));
  let text = '';

  const toChunk = (delta: object, finishReason: string | null = null) =>
    toMessage({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(includeUsage && { usage: null }),
    });

  for await (const event of events) {
    switch (event.type) {
      case 'run-start':
        head.id = toCompletionId(event.id);
        head.model = event.model;
        yield toChunk({ role: 'assistant', content: '', refusal: null });
        break;
      case 'part-start':
        parts.set(event.index, event.part);
        if (event.part.type !== 'tool-call') break;
        yield toChunk(calls.start(event.index, event.part));
        break;
      case 'part-delta': {
        const part = parts.get(event.index);
        if (part?.type === 'text') text += event.delta;
        const delta =
          part?.type === 'tool-call'
            ? calls.add(event.index, event.delta)
            : toDelta(part, event.delta);
        if (delta) yield toChunk(delta);
        break;
      }
      case 'part-end': {
        const delta = calls.end(event.index);
        if (delta) yield toChunk(delta);
        break;
      }
      case 'part-signature':
      case 'subagent-part':
      case 'denial':
      case 'user-message':
      case 'approval-request':
      case 'question':
      case 'plan-review':
      case 'input-settled':
      case 'task':
        break;
      case 'run-end':
        if (event.finish === 'refusal') yield toChunk({ refusal: toRefusal(text) });
        yield toChunk({}, FINISH_REASONS[event.finish]);
        if (includeUsage) yield toMessage({ ...head, choices: [], usage: toUsage(event.usage) });
        yield { data: '[DONE]' };
    }
  }
}

function toMessage(chunk: object): SseMessage {
  return { data: JSON.stringify(chunk) };
}

function toDelta(part: StartedPart | undefined, delta: string) {
  switch (part?.type) {
    case 'text':
      return { content: delta };
    case 'reasoning':
      return { reasoning_content: delta };
    default:
      return undefined;
  }
}

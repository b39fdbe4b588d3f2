import { type RunAnswer, toText } from '../../run-answer.ts';
import type { RunEvent, RunFinish } from '../../run.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { FINISH_REASONS, toSeconds, toUsage } from '../shared/openai-answer.ts';
import type { CompletionBody } from './body.ts';

/** A whole `text_completion`. */
export function toAnswer(answer: RunAnswer, { arrivedAtMs }: Exchange<CompletionBody>): object {
  const { start, end } = answer;
  return {
    ...toHead(start.id, start.model, arrivedAtMs),
    choices: [toChoice(toText(answer), end.finish)],
    usage: toUsage(end.usage),
  };
}

/** The chunks of a streamed `text_completion`, `[DONE]` last. */
export async function* toMessages(
  events: AsyncIterable<RunEvent>,
  { body, arrivedAtMs }: Exchange<CompletionBody>,
): AsyncIterable<SseMessage> {
  let head = {};
  const textParts = new Set<number>();
  for await (const event of events) {
    if (event.type === 'run-start') head = toHead(event.id, event.model, arrivedAtMs);
    if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
    if (event.type === 'part-delta' && textParts.has(event.index)) {
      yield toMessage({ ...head, choices: [toChoice(event.delta)] });
    }
    if (event.type === 'run-end') {
      yield toMessage({ ...head, choices: [toChoice('', event.finish)] });
      if (body.stream_options?.include_usage) {
        yield toMessage({ ...head, choices: [], usage: toUsage(event.usage) });
      }
      yield { data: '[DONE]' };
    }
  }
}

function toHead(messageId: string, model: string, arrivedAtMs: number) {
  return {
    id: `cmpl-${messageId.replace(/^msg_/, '')}`,
    object: 'text_completion',
    created: toSeconds(arrivedAtMs),
    model,
  };
}

function toChoice(text: string, finish?: RunFinish) {
  return { text, index: 0, logprobs: null, finish_reason: finish ? FINISH_REASONS[finish] : null };
}

function toMessage(chunk: object): SseMessage {
  return { data: JSON.stringify(chunk) };
}

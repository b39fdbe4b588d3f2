import { type RunAnswer, toText } from '../../run-answer.ts';
import type { RunEvent, RunFinish, TokenUsage } from '../../run.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { merge } from '../shared/merge.ts';
import { FINISH_REASONS, sumUsage, toSeconds } from '../shared/openai-answer.ts';
import type { CompletionBody } from './body.ts';

/** A whole `text_completion`. */
export function toAnswer(answer: RunAnswer, exchange: Exchange<CompletionBody>): object {
  return toAnswers([answer], exchange);
}

/** The same with a choice for each of several answers. */
export function toAnswers(
  answers: readonly RunAnswer[],
  { arrivedAtMs }: Exchange<CompletionBody>,
): object {
  const start = answers[0]?.start;
  return {
    ...toHead(start?.id ?? '', start?.model ?? '', arrivedAtMs),
    choices: answers.map((answer, index) => toChoice(index, toText(answer), answer.end.finish)),
    usage: sumUsage(answers.map(({ end }) => end.usage)),
  };
}

/** The chunks of a streamed `text_completion`, `[DONE]` last. */
export function toMessages(
  events: AsyncIterable<RunEvent>,
  exchange: Exchange<CompletionBody>,
): AsyncIterable<SseMessage> {
  return toAllMessages([events], exchange);
}

/** The same for several answers side by side: each chunk is of one of them. */
export async function* toAllMessages(
  runs: readonly AsyncIterable<RunEvent>[],
  { body, arrivedAtMs }: Exchange<CompletionBody>,
): AsyncIterable<SseMessage> {
  let head: object | undefined;
  const usages: TokenUsage[] = [];
  for await (const { event, index } of merge(runs.map(toTexts))) {
    if (event.type === 'run-start') head ??= toHead(event.id, event.model, arrivedAtMs);
    if (event.type === 'part-delta') {
      yield toMessage({ ...head, choices: [toChoice(index, event.delta)] });
    }
    if (event.type === 'run-end') {
      yield toMessage({ ...head, choices: [toChoice(index, '', event.finish)] });
      usages.push(event.usage);
    }
  }
  if (body.stream_options?.include_usage) {
    yield toMessage({ ...head, choices: [], usage: sumUsage(usages) });
  }
  yield { data: '[DONE]' };
}

/** The events of one answer that tell of its text. */
async function* toTexts(events: AsyncIterable<RunEvent>, index: number) {
  const textParts = new Set<number>();
  for await (const event of events) {
    if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
    if (event.type !== 'part-delta' || textParts.has(event.index)) yield { event, index };
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

function toChoice(index: number, text: string, finish?: RunFinish) {
  return { text, index, logprobs: null, finish_reason: finish ? FINISH_REASONS[finish] : null };
}

function toMessage(chunk: object): SseMessage {
  return { data: JSON.stringify(chunk) };
}

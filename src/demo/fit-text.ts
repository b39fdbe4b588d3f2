import { toWords, type AnswerOptions } from './message-events.ts';
import type { MessagesBody } from './messages-body.ts';

/** The part of a text that the request lets through, with the reason why it ends there. */
export function fitText(
  text: string,
  { stop_sequences: sequences = [], max_tokens: maxTokens = Infinity }: MessagesBody,
): { text: string; options: AnswerOptions } {
  const stops = sequences
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at !== -1)
    .toSorted((one, other) => one.at - other.at);
  const stop = stops[0];
  const words = toWords(stop ? text.slice(0, stop.at) : text);
  // A word counts as a token.
  if (words.length > maxTokens)
    return { text: words.slice(0, maxTokens).join(''), options: { stopReason: 'max_tokens' } };
  return {
    text: words.join(''),
    options: stop ? { stopReason: 'stop_sequence', stopSequence: stop.sequence } : {},
  };
}

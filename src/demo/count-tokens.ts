import type { MessagesBody } from './messages-body.ts';

const CHARACTERS_PER_TOKEN = 4;

/** Counts the tokens of a request roughly, and always the same for the same request. */
export function countTokens({ system, messages, tools }: MessagesBody): number {
  // An image's base64 costs by its size in pixels, not by its length: it is left out.
  const text = JSON.stringify({ system, messages, tools }, (key, value: unknown) =>
    key === 'data' ? '' : value,
  );
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

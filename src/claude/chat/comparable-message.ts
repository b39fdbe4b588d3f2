import type { Message, Part } from '../../run.ts';

/**
 * A message as a text that is equal when it means the same. What the caller says is compared to the
 * letter. Of the model's replies it is left out what clients drop or regroup on their way back:
 * thinking, blanks around texts, the borders between texts.
 */
export function toComparable({ role, parts }: Message): string {
  return JSON.stringify([role, role === 'assistant' ? toKeptParts(parts) : parts.map(withoutPath)]);
}

function toKeptParts(parts: readonly Part[]): unknown[] {
  const kept: unknown[] = [];
  let text = '';
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type !== 'reasoning' && part.type !== 'redacted-reasoning') {
      kept.push(text.trim(), withoutPath(part));
      text = '';
    }
  }
  return [...kept, text.trim()];
}

/** Where a part stood in the request says nothing about what it is. */
function withoutPath(part: Part): Part {
  return part.type === 'image' || part.type === 'document' ? { ...part, path: undefined } : part;
}

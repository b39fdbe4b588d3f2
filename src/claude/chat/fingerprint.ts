import { createHash, type Hash } from 'node:crypto';

import type { Message, Part, ToolCallPart } from '../../run.ts';

/**
 * What is remembered of a message to recognise it later. For the model's replies it ignores what clients
 * drop or regroup when they send them back: thinking, blanks around texts, the borders between texts.
 */
export type Fingerprint = {
  /** Everything but the calls' arguments. */
  hash: string;
  /** For each call its arguments, by the path to each value. */
  calls: readonly Arguments[];
};

type Arguments = ReadonlyMap<string, string>;

/** Makes the fingerprint of a message. */
export function toFingerprint({ role, parts }: Message): Fingerprint {
  const hash = createHash('sha256');
  add(hash, role);
  for (const part of role === 'assistant' ? withJoinedTexts(parts) : parts) addPart(hash, part);
  return { hash: hash.digest('base64'), calls: parts.filter(isCall).map(toArguments) };
}

/**
 * Whether a client's message is the one that a process holds. Clients send calls back with defaults
 * filled in and keys in another order; a value that the model gave and that differs is another call.
 */
export function isSameMessage(held: Fingerprint, sent: Fingerprint): boolean {
  return (
    held.hash === sent.hash &&
    held.calls.every((given, index) => {
      const returned = sent.calls[index];
      return [...given].every(([path, value]) => returned?.get(path) === value);
    })
  );
}

function withJoinedTexts(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  let text = '';
  for (const part of parts) {
    if (part.type === 'text') text += part.text;
    else if (part.type !== 'reasoning' && part.type !== 'redacted-reasoning') {
      joined.push({ type: 'text', text: text.trim() }, part);
      text = '';
    }
  }
  return [...joined, { type: 'text', text: text.trim() }];
}

/** A part's `path` is left out: where it stood in the request does not matter. */
function addPart(hash: Hash, part: Part) {
  add(hash, part.type);
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return add(hash, part.text);
    case 'redacted-reasoning':
      return add(hash, part.data);
    case 'image':
    case 'document':
      for (const value of Object.values(part.source)) add(hash, value);
      return add(hash, part.type === 'document' ? (part.title ?? '') : '');
    case 'tool-call':
      add(hash, part.id);
      return add(hash, part.name);
    case 'tool-result':
      add(hash, `${part.callId} ${part.isError} ${part.content.length}`);
      return part.content.forEach((content) => addPart(hash, content));
  }
}

/** With its length in front, so that no two lists of texts look the same. */
function add(hash: Hash, text: string) {
  hash.update(`${text.length}:`).update(text);
}

function isCall(part: Part): part is ToolCallPart {
  return part.type === 'tool-call';
}

function toArguments({ input }: ToolCallPart): Arguments {
  const found = new Map<string, string>();
  collect(found, '', input);
  return found;
}

/** Lists are noted with their length, objects without: further keys are allowed. */
function collect(found: Map<string, string>, path: string, value: unknown) {
  if (typeof value !== 'object' || value === null) {
    found.set(path, shorten(JSON.stringify(value) ?? 'undefined'));
    return;
  }
  found.set(path, Array.isArray(value) ? `[${value.length}` : '{');
  for (const [key, item] of Object.entries(value)) {
    collect(found, `${path}/${key.length}:${key}`, item);
  }
}

function shorten(text: string) {
  return text.length <= 64 ? text : createHash('sha256').update(text).digest('base64');
}

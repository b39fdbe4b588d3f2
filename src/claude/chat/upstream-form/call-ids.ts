import { createHash } from 'node:crypto';

import type { Message, Part } from '../../../run.ts';

/** The API's pattern for the ids of tool calls. */
const ID = /^[\w-]+$/;

const HASH_CHARACTERS = 24;

/**
 * Messages whose calls have ids that the API takes, each of them once: it refuses others, and the CLI puts
 * "(no content)" in the place of a pair whose id was there before (2.1.330). A valid id stays where it comes
 * first; the others are replaced, in the same way each time, and different ones by different ones. Results
 * go with their calls, in order where ids are the same.
 */
export function withCallIds(messages: readonly Message[]): readonly Message[] {
  const counts = new Map<string, number>();
  /** The ids under which the calls of the last reply go up, by the caller's. */
  let open = new Map<string, string[]>();

  const toPart = (part: Part): Part => {
    if (part.type === 'tool-call') {
      const count = (counts.get(part.id) ?? 0) + 1;
      counts.set(part.id, count);
      const id = toId(part.id, count);
      open.set(part.id, [...(open.get(part.id) ?? []), id]);
      return id === part.id ? part : { ...part, id };
    }
    if (part.type !== 'tool-result') return part;
    const callId = open.get(part.callId)?.shift() ?? part.callId;
    return callId === part.callId ? part : { ...part, callId };
  };
  return messages.map((message) => {
    if (message.role === 'assistant') open = new Map();
    return { ...message, parts: message.parts.map(toPart) };
  });
}

function toId(id: string, count: number) {
  if (count === 1 && ID.test(id)) return id;
  const hash = createHash('sha256')
    .update(JSON.stringify([id, count]))
    .digest('base64url');
  return `toolu_${hash.slice(0, HASH_CHARACTERS)}`;
}

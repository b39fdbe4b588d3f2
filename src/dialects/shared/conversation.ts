import type { Message, Part } from '../../run.ts';
import { RunError } from '../../run-error.ts';

/**
 * Joins neighbours of one role into one turn, tool results first, and drops blank text: the API wants
 * both, in tool results too. A turn of which nothing is left goes too.
 */
export function toTurns(messages: readonly Message[]): Message[] {
  const turns: { role: Message['role']; parts: Part[] }[] = [];
  for (const { role, parts } of messages) {
    const said = withoutBlankText(parts).map(toSaidPart);
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...said);
    else if (said.length > 0) turns.push({ role, parts: said });
  }
  return turns.map(({ role, parts }) => ({ role, parts: parts.toSorted(byResultFirst) }));
}

/** Stands where a conversation ends with the model's own words: the API wants the user's at the end. */
const GO_ON = 'Continue exactly where your last message ends, without repeating any of it.';

/** The two parts of a conversation; `isBent` when it had to end in another way than it came. */
export type Conversation = { instructions: string[]; messages: Message[]; isBent: boolean };

/**
 * A conversation of the OpenAI APIs, whose instructions stand anywhere: they go in front. It may end with
 * the assistant's words, too, or with instructions behind them, which the Messages API does not take: then
 * those become the user's, and without any the model is asked to go on. Nothing but instructions is a prompt.
 */
export function toSpokenConversation(
  messages: readonly Message[],
  earlier: readonly string[],
  last: readonly string[],
): Conversation {
  const turns = toTurns(messages);
  const end = turns.at(-1);
  const isBent = end?.role === 'assistant' && end.parts.every(({ type }) => type !== 'tool-call');
  const front = withoutBlank(isBent ? earlier : [...earlier, ...last]);
  if (messages.length === 0)
    return { instructions: [], messages: toTurns([toUser(front)]), isBent };
  if (!isBent) return { instructions: front, messages: turns, isBent };
  const said = withoutBlank(last);
  const asked = toUser(said.length > 0 ? said : [GO_ON]);
  return { instructions: front, messages: [...turns, asked], isBent };
}

function withoutBlank(texts: readonly string[]) {
  return texts.filter((text) => text.trim() !== '');
}

function toUser(texts: readonly string[]): Message {
  return { role: 'user', parts: texts.map((text) => ({ type: 'text', text })) };
}

function byResultFirst(one: Part, other: Part) {
  return Number(other.type === 'tool-result') - Number(one.type === 'tool-result');
}

function toSaidPart(part: Part): Part {
  return part.type === 'tool-result' ? { ...part, content: withoutBlankText(part.content) } : part;
}

function withoutBlankText<Kind extends Part>(parts: readonly Kind[]): Kind[] {
  return parts.filter((part) => part.type !== 'text' || part.text.trim() !== '');
}

/**
 * Refuses conversations that the CLI would bend without a word: a blank prompt "succeeds" without an
 * API call, an unanswered tool call or an orphaned result is replaced by a text of its own. `param` is
 * what the API calls the conversation.
 */
export function checkConversation(messages: readonly Message[], param = 'messages'): void {
  const invalid = (sentence: string) => new RunError('invalid-request', sentence, { param });
  const last = messages.at(-1);
  if (!last) {
    throw invalid(`${param} holds no text to answer; add a user message that is not blank.`);
  }
  if (last.role !== 'user') {
    throw invalid(
      'The last message must come from the user (or be a tool result), not the assistant.',
    );
  }
  /** How many calls of the last reply still want a result, by their ids: APIs let them be the same. */
  let open = new Map<string, number>();
  for (const { role, parts } of messages) {
    if (role === 'assistant') {
      open = new Map();
      for (const part of parts) {
        if (part.type === 'tool-call') open.set(part.id, (open.get(part.id) ?? 0) + 1);
      }
      continue;
    }
    for (const part of parts) {
      if (part.type !== 'tool-result') continue;
      const left = open.get(part.callId) ?? 0;
      open.set(part.callId, left - 1);
      if (left > 0) continue;
      throw invalid(
        `The tool result for ${JSON.stringify(part.callId)} answers no call of the message before it.`,
      );
    }
    const [unanswered] = [...open].find(([, left]) => left > 0) ?? [];
    if (unanswered !== undefined) {
      throw invalid(
        `The tool call ${JSON.stringify(unanswered)} has no result in the message after it.`,
      );
    }
  }
}

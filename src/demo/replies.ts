import {
  toMessageEvents,
  toWords,
  type AnswerBlock,
  type AnswerOptions,
} from './message-events.ts';
import type { StreamEvent } from './stream-events.ts';

/** What the model server sends back: a plain value, which may be sent more than once. */
export type Reply = JsonReply | StepsReply;

export type JsonReply = { status: number; headers: Record<string, string>; body: unknown };

/**
 * An answer in steps. Sent as server-sent events, or gathered into one message when the request did not
 * ask for a stream.
 */
export type StepsReply = {
  steps: Iterable<Step> | AsyncIterable<Step>;
  /** Further headers of the answer. Default: none. */
  headers?: Record<string, string>;
};

/**
 * An event, `'cut'` (the connection breaks), `'hang'` (nothing more until the connection closes), or a
 * wait. Headers go out with the first event.
 */
export type Step = StreamEvent | 'cut' | 'hang' | { until: Promise<unknown> };

/** A text, in word-sized pieces unless `pieces` says otherwise. */
export function textReply(
  text: string,
  { pieces = toWords(text), ...options }: AnswerOptions & { pieces?: readonly string[] } = {},
): StepsReply {
  return blocksReply([{ type: 'text', pieces }], options);
}

/** An error before the first byte; `retryAfter` in seconds. */
export function errorReply(
  status: number,
  type: string,
  message: string,
  { retryAfter }: { retryAfter?: number } = {},
): JsonReply {
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: { type: 'error', error: { type, message } },
  };
}

/** A thinking block with its signature, then a text. */
export function thinkingReply(
  thinking: string,
  text: string,
  options: AnswerOptions = {},
): StepsReply {
  return blocksReply(
    [
      { type: 'thinking', thinking },
      { type: 'text', pieces: toWords(text) },
    ],
    options,
  );
}

/** Calls of the client's tools, behind a text if there is one; an absent id is made. */
export function toolReply(
  calls: readonly { id?: string; name: string; input: unknown }[],
  { text, ...options }: AnswerOptions & { text?: string } = {},
): StepsReply {
  const before: AnswerBlock[] = text === undefined ? [] : [{ type: 'text', pieces: toWords(text) }];
  return blocksReply(
    [...before, ...calls.map((call) => ({ type: 'tool_use', ...call }) as const)],
    { stopReason: 'tool_use', ...options },
  );
}

/** An answer without content. */
export function emptyReply(options: AnswerOptions = {}): StepsReply {
  return blocksReply([], options);
}

/** A refusal, behind the text that came before it if there is one. */
export function refusalReply(text?: string, options: AnswerOptions = {}): StepsReply {
  return blocksReply(text === undefined ? [] : [{ type: 'text', pieces: toWords(text) }], {
    stopReason: 'refusal',
    stopDetails: { type: 'refusal', category: null, explanation: null },
    ...options,
  });
}

/**
 * A text whose connection breaks in the middle: at once, or when `seen` resolves. A connection that
 * breaks may take along what is on its way, so who wants the first half to arrive waits for it.
 */
export function cutReply(
  text: string,
  { seen = Promise.resolve(), ...options }: AnswerOptions & { seen?: Promise<unknown> } = {},
): StepsReply {
  return { steps: [...toHalves(text, options).first, { until: seen }, 'cut'] };
}

/** A text that fails in the middle with the API's error event. */
export function failingReply(
  text: string,
  error: { type: string; message: string },
  options: AnswerOptions = {},
): StepsReply {
  return { steps: [...toHalves(text, options).first, { type: 'error', error }] };
}

/** A text that stays open in the middle until `release` resolves. */
export function heldReply(
  text: string,
  release: Promise<unknown>,
  options: AnswerOptions = {},
): StepsReply {
  const { first, second } = toHalves(text, options);
  return { steps: [...first, { until: release }, ...second] };
}

/** A text with a wait after each word. */
export function slowReply(
  text: string,
  wait: () => Promise<unknown>,
  options: AnswerOptions = {},
): StepsReply {
  return { steps: toSlowSteps(toTextEvents(text, options), wait) };
}

/** Nothing, not even headers, until the client leaves. */
export function silentReply(): StepsReply {
  return { steps: ['hang'] };
}

function blocksReply(blocks: readonly AnswerBlock[], options: AnswerOptions): StepsReply {
  return { steps: toMessageEvents(blocks, options) };
}

function toTextEvents(text: string, options: AnswerOptions): StreamEvent[] {
  return toMessageEvents([{ type: 'text', pieces: toWords(text) }], options);
}

/** The first half holds at least one word, if there is one. */
function toHalves(
  text: string,
  options: AnswerOptions,
): { first: StreamEvent[]; second: StreamEvent[] } {
  const events = toTextEvents(text, options);
  const start = events.findIndex(({ type }) => type === 'content_block_delta');
  const middle = start + Math.ceil(toWords(text).length / 2);
  return { first: events.slice(0, middle), second: events.slice(middle) };
}

async function* toSlowSteps(
  events: readonly StreamEvent[],
  wait: () => Promise<unknown>,
): AsyncGenerator<Step> {
  for (const event of events) {
    yield event;
    if (event.type === 'content_block_delta') yield { until: wait() };
  }
}

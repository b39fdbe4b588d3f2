import type { RunEvent, StartedPart, TokenUsage } from '../../run.ts';
import { isAgentOnly } from '../../run-answer.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { merge } from '../shared/merge.ts';
import { sumUsage, toRefusal, toSeconds } from '../shared/openai-answer.ts';
import type { ChatBody } from './body.ts';
import { createCallDeltas } from './call-deltas.ts';
import { callsFunctions } from './from-functions.ts';
import { toCompletionId, toFinishReason } from './to-answer.ts';
import { toCustomNames } from './tools.ts';

/** The chunks of a streamed `chat.completion`, `[DONE]` last. */
export function toMessages(
  events: AsyncIterable<RunEvent>,
  exchange: Exchange<ChatBody>,
): AsyncIterable<SseMessage> {
  return toAllMessages([events], exchange);
}

/** The same for several answers side by side: each chunk is of one of them. */
export async function* toAllMessages(
  runs: readonly AsyncIterable<RunEvent>[],
  { body, arrivedAtMs }: Exchange<ChatBody>,
): AsyncIterable<SseMessage> {
  const includeUsage = body.stream_options?.include_usage ?? false;
  const head = {
    id: '',
    object: 'chat.completion.chunk',
    created: toSeconds(arrivedAtMs),
    model: '',
  };
  const usages: TokenUsage[] = [];
  const choices = merge(runs.map((events, index) => toChoices(events, { body, index, note })));
  for await (const choice of choices) {
    yield toMessage({ ...head, choices: [choice], ...(includeUsage && { usage: null }) });
  }
  if (includeUsage) yield toMessage({ ...head, choices: [], usage: sumUsage(usages) });
  yield { data: '[DONE]' };

  function note(event: RunEvent) {
    if (event.type === 'run-end') usages.push(event.usage);
    if (event.type !== 'run-start' || head.id !== '') return;
    head.id = toCompletionId(event.id);
    head.model = event.model;
  }
}

type ChoiceOptions = { body: ChatBody; index: number; note: (event: RunEvent) => void };

/** One answer as choices of its chunks; `note` sees each event first. */
async function* toChoices(events: AsyncIterable<RunEvent>, { body, index, note }: ChoiceOptions) {
  const parts = new Map<number, StartedPart>();
  const isLegacy = callsFunctions(body);
  const calls = createCallDeltas(toCustomNames(body.tools), isLegacy);
  let text = '';

  const toChoice = (delta: object, finishReason: string | null = null) => ({
    index,
    delta,
    logprobs: null,
    finish_reason: finishReason,
  });

  for await (const event of events) {
    if (isAgentOnly(event)) continue;
    note(event);
    switch (event.type) {
      case 'run-start':
        yield toChoice({ role: 'assistant', content: '', refusal: null });
        break;
      case 'part-start':
        parts.set(event.index, event.part);
        if (event.part.type === 'tool-call') yield toChoice(calls.start(event.index, event.part));
        break;
      case 'part-delta': {
        const part = parts.get(event.index);
        if (part?.type === 'text') text += event.delta;
        const delta =
          part?.type === 'tool-call'
            ? calls.add(event.index, event.delta)
            : toDelta(part, event.delta);
        if (delta) yield toChoice(delta);
        break;
      }
      case 'part-end': {
        const delta = calls.end(event.index);
        if (delta) yield toChoice(delta);
        break;
      }
      case 'part-signature':
        break;
      case 'run-end':
        if (event.finish === 'refusal') yield toChoice({ refusal: toRefusal(text) });
        yield toChoice({}, toFinishReason(event.finish, isLegacy));
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

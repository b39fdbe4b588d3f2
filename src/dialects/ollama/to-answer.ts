import { type RunAnswer, toText } from '../../run-answer.ts';
import type { RunEnd, RunEvent, RunFinish } from '../../run.ts';
import type { Exchange, SseMessage } from '../dialect.ts';
import { readArguments } from '../shared/read-arguments.ts';

type Asked = { model: string };

type ToolCall = { id: string; function: { name: string; arguments: object } };

/** What a line, or a whole answer, brings. */
export type Said = { text: string; thinking: string; calls: readonly ToolCall[] };

/** How a route words what is said. */
export type ToBody = (said: Said) => object;

const SILENCE: Said = { text: '', thinking: '', calls: [] };

const NANOSECONDS = 1_000_000;

const DONE_REASONS = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'stop',
  refusal: 'stop',
  'context-full': 'length',
  paused: 'stop',
  'max-turns': 'length',
  'max-budget': 'length',
  interrupted: 'stop',
} satisfies Record<RunFinish, string>;

/** Makes the whole answer of a route. */
export function createToAnswer(toBody: ToBody) {
  return (answer: RunAnswer, exchange: Exchange<Asked>): object => {
    const { parts, end } = answer;
    const thinking = parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('');
    const calls = parts.flatMap((part) =>
      part.type === 'tool-call' ? [toToolCall(part.id, part.name, part.input)] : [],
    );
    const said = toBody({ text: toText(answer), thinking, calls });
    return { ...toHead(exchange), ...said, ...toEnd(end, exchange) };
  };
}

/** Makes the streamed answer of a route, line by line. A call is told when it is complete. */
export function createToMessages(toBody: ToBody) {
  return async function* toMessages(
    events: AsyncIterable<RunEvent>,
    exchange: Exchange<Asked>,
  ): AsyncIterable<SseMessage> {
    const head = toHead(exchange);
    const kinds = new Map<number, string>();
    const calls = new Map<number, { id: string; name: string; input: string }>();
    const toLine = (said: Partial<Said>, end: object = { done: false }) => ({
      data: JSON.stringify({ ...head, ...toBody({ ...SILENCE, ...said }), ...end }),
    });

    for await (const event of events) {
      if (event.type === 'part-start') {
        const { part, index } = event;
        kinds.set(index, part.type);
        if (part.type === 'tool-call')
          calls.set(index, { id: part.id, name: part.name, input: '' });
      } else if (event.type === 'part-delta') {
        const call = calls.get(event.index);
        const kind = kinds.get(event.index);
        if (call) call.input += event.delta;
        else if (kind === 'text') yield toLine({ text: event.delta });
        else if (kind === 'reasoning') yield toLine({ thinking: event.delta });
      } else if (event.type === 'part-end') {
        const call = calls.get(event.index);
        if (call) yield toLine({ calls: [toToolCall(call.id, call.name, call.input)] });
      } else if (event.type === 'run-end') yield toLine({}, toEnd(event, exchange));
    }
  };
}

/** The answer bears the name by which the model was asked for, as Ollama's does. */
function toHead({ body, arrivedAtMs }: Exchange<Asked>) {
  return { model: body.model, created_at: new Date(arrivedAtMs).toISOString() };
}

function toToolCall(id: string, name: string, input: string): ToolCall {
  return { id, function: { name, arguments: readArguments(input) } };
}

/** Durations are in nanoseconds. What reading and writing took apart is not known. */
function toEnd({ finish, usage }: RunEnd, { arrivedAtMs }: Exchange<Asked>) {
  const total = Math.max(1, Date.now() - arrivedAtMs) * NANOSECONDS;
  return {
    done: true,
    done_reason: DONE_REASONS[finish],
    total_duration: total,
    load_duration: 0,
    prompt_eval_count: usage.input + usage.cacheRead + usage.cacheWrite,
    prompt_eval_duration: total,
    eval_count: usage.output,
    eval_duration: total,
  };
}

// Reads the answers of each API, streamed or in one piece, into what all of them have.
import { readJson } from './read-json.js';

/** An answer before anything is said. The inputs of calls are JSON that may come in pieces. */
export function createAnswer() {
  return { text: '', thinking: '', calls: new Map(), usage: undefined, finish: '', model: '' };
}

/** The calls of an answer; an input that was cut off stays as it came. */
export function listCalls({ calls }) {
  return [...calls.values()].map(({ id, name, json }) => ({
    id,
    name,
    input: readJson(json || '{}', { _raw: json }),
  }));
}

/** Puts what an event, or a whole answer, says into `answer`. */
export function readInto(answer, dialect, said) {
  READERS[dialect]?.(answer, said);
}

/** Whether a stream is over with this event. */
export function isEnd(event) {
  return event === '[DONE]' || event.done === true || LAST.has(event.type);
}

const LAST = new Set(['message_stop', 'response.completed', 'response.incomplete', 'run-end']);

/** The failure that an event tells. */
export function findError(event) {
  return event.error ?? event.response?.error ?? (event.type === 'error' ? event : undefined);
}

/**
 * The events of a stream: JSON, alone on a line or behind `data:`, and the word that ends OpenAI's.
 * `tell` is given the text as it comes.
 */
export async function* readEvents(stream, tell = () => {}) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      tell(step.value);
      const lines = (pending + step.value).split('\n');
      pending = lines.pop();
      for (const line of lines) {
        const said = line.replace(/^(data:)? */, '');
        if (said.startsWith('{')) yield JSON.parse(said);
        else if (line.startsWith('data:')) yield said;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // nothing more of it is wanted
  }
}

const READERS = {
  'openai-chat'(answer, { choices, usage, model }) {
    const said = choices?.[0]?.message ?? choices?.[0]?.delta;
    say(answer, said?.content, said?.reasoning_content);
    for (const [place, call] of (said?.tool_calls ?? []).entries())
      addCall(answer, call.index ?? place, call.id, call.function);
    end(answer, choices?.[0]?.finish_reason, model, readOpenAiUsage(usage));
  },
  'openai-completions'(answer, { choices, usage, model }) {
    say(answer, choices?.[0]?.text);
    end(answer, choices?.[0]?.finish_reason, model, readOpenAiUsage(usage));
  },
  'openai-responses'(answer, said) {
    if (said.type === 'response.output_text.delta') say(answer, said.delta);
    if (said.type === 'response.refusal.delta') say(answer, said.delta);
    if (said.type === 'response.reasoning_summary_text.delta') say(answer, '', said.delta);
    const item = said.type === 'response.output_item.done' && said.item;
    if (item?.type === 'function_call') addCall(answer, item.call_id, item.call_id, item);
    for (const one of said.object === 'response' ? said.output : []) {
      const [texts, thoughts] = [one.content ?? [], one.summary ?? []];
      say(answer, texts.map(({ text, refusal }) => text ?? refusal).join(''));
      say(answer, '', thoughts.map(({ text }) => text).join(''));
      if (one.type === 'function_call') addCall(answer, one.call_id, one.call_id, one);
    }
    const response = said.response ?? said;
    const finish = response.incomplete_details?.reason ?? response.status;
    end(answer, finish, response.model, readOpenAiUsage(response.usage));
  },
  'anthropic-messages'(answer, said) {
    const block = said.content_block ?? said.delta ?? {};
    say(answer, block.text, block.thinking);
    if (block.type === 'tool_use') addCall(answer, said.index, block.id, { name: block.name });
    if (block.partial_json) addCall(answer, said.index, '', { arguments: block.partial_json });
    const message = said.message ?? said;
    for (const [place, one] of (message.content ?? []).entries()) {
      say(answer, one.text, one.thinking);
      const called = { name: one.name, arguments: JSON.stringify(one.input) };
      if (one.type === 'tool_use') addCall(answer, place, one.id, called);
    }
    const { model, usage } = message;
    end(answer, said.delta?.stop_reason ?? message.stop_reason, model, readMessagesUsage(usage));
  },
  'ollama-chat': readOllama,
  'ollama-generate': readOllama,
  direct(answer, said) {
    const { type, part, delta, usage } = said;
    if (type === 'part-start') answer.part = part;
    if (type === 'part-delta' && answer.part?.type === 'text') say(answer, delta);
    if (type === 'part-delta' && answer.part?.type === 'reasoning') say(answer, '', delta);
    if (type === 'part-start' && part.type === 'text' && answer.text) say(answer, '\n\n');
    say(answer, said.result);
    const cost = said.costUsd ?? said.agent?.costUsd;
    if (type === undefined || type === 'run-end') answer.costUsd = cost;
    end(answer, said.stopReason ?? said.finish, said.model, readOwnUsage(usage));
  },
};

function readOllama(answer, said) {
  say(answer, said.message?.content ?? said.response, said.message?.thinking ?? said.thinking);
  for (const { id, function: called } of said.message?.tool_calls ?? [])
    addCall(answer, id, id, { ...called, arguments: JSON.stringify(called.arguments) });
  const usage = { input: said.prompt_eval_count, output: said.eval_count };
  end(answer, said.done_reason, said.model, said.eval_count === undefined ? undefined : usage);
}

function say(answer, text, thinking) {
  answer.text += text ?? '';
  answer.thinking += thinking ?? '';
}

/** A call, or a further piece of one, by its place among the calls. */
function addCall(answer, place, id, { name = '', arguments: json = '' } = {}) {
  const call = answer.calls.get(place) ?? { id, name, json: '' };
  answer.calls.set(place, { ...call, json: call.json + json });
}

function end(answer, finish, model, usage) {
  answer.finish = finish || answer.finish;
  answer.model = model || answer.model;
  answer.usage = usage ?? answer.usage;
}

/** Tokens that were read from the cache are part of those that went in. */
function readOpenAiUsage(usage) {
  if (!usage) return;
  const inside = usage.prompt_tokens_details ?? usage.input_tokens_details;
  const outside = usage.completion_tokens_details ?? usage.output_tokens_details;
  return {
    input: usage.prompt_tokens ?? usage.input_tokens,
    output: usage.completion_tokens ?? usage.output_tokens,
    cached: inside?.cached_tokens,
    thinking: outside?.reasoning_tokens,
  };
}

function readMessagesUsage(usage) {
  if (!usage) return;
  const { input_tokens: input, output_tokens: output } = usage;
  const cached = usage.cache_read_input_tokens ?? 0;
  const thinking = usage.output_tokens_details?.thinking_tokens;
  return {
    input: input + cached + (usage.cache_creation_input_tokens ?? 0),
    output,
    cached,
    thinking,
  };
}

function readOwnUsage(usage) {
  if (!usage) return;
  const { input, output, cacheRead, cacheWrite, reasoning } = usage;
  return { input: input + cacheRead + cacheWrite, output, cached: cacheRead, thinking: reasoning };
}

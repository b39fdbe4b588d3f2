import type { AnswerPart } from '../../run-answer.ts';
import { createCustomInputReader, type CustomInputReader } from '../shared/custom-tool.ts';
import {
  type ItemOptions,
  type OutputItem,
  toCompactionItem,
  toOutputItem,
  toOutputText,
  toRefusalItem,
} from './output-item.ts';

/** A streamed event before it has its number. */
export type ResponseEvent = { type: string } & Record<string, unknown>;

/** A part of the answer, as far as it is known, and where it stands in the output. */
export type Place = {
  part: AnswerPart;
  index: number;
  /** Of a call whose argument is a text: finds it in the model's JSON. */
  customInput?: CustomInputReader;
};

const FUNCTION = 'response.function_call_arguments';
const CUSTOM = 'response.custom_tool_call_input';

/** An item begins. */
export function* toStartEvents(place: Place, options: ItemOptions): Iterable<ResponseEvent> {
  const item = toOutputItem(place.part, place.index, 'in_progress', options);
  yield { type: 'response.output_item.added', output_index: place.index, item };
  if (item.type !== 'message') return;
  const part = toOutputText('');
  yield { type: 'response.content_part.added', ...inItem(item, place), content_index: 0, part };
}

/** An item grows. The part has its delta already. */
export function* toDeltaEvents(
  place: Place,
  delta: string,
  options: ItemOptions,
): Iterable<ResponseEvent> {
  const item = toOutputItem(place.part, place.index, 'in_progress', options);
  const where = inItem(item, place);
  if (delta === '') return;
  switch (item.type) {
    case 'message':
      yield {
        type: 'response.output_text.delta',
        ...where,
        content_index: 0,
        delta,
        logprobs: [],
      };
      break;
    case 'function_call':
      yield { type: `${FUNCTION}.delta`, ...where, delta };
      break;
    case 'custom_tool_call': {
      place.customInput ??= createCustomInputReader();
      const text = place.customInput.add(delta);
      if (text !== '') yield { type: `${CUSTOM}.delta`, ...where, delta: text };
      break;
    }
    case 'reasoning': {
      const isFirst = item.summary[0]?.text === delta;
      const part = { type: 'summary_text', text: '' };
      const inSummary = { ...where, summary_index: 0 };
      if (isFirst) yield { type: 'response.reasoning_summary_part.added', ...inSummary, part };
      yield { type: 'response.reasoning_summary_text.delta', ...inSummary, delta };
      break;
    }
    default: // the calls of other tools come whole
  }
}

/** An item is complete. */
export function* toEndEvents(place: Place, options: ItemOptions): Iterable<ResponseEvent> {
  const item = toOutputItem(place.part, place.index, 'completed', options);
  const where = inItem(item, place);
  switch (item.type) {
    case 'message':
      yield* toContentEnd(item, place);
      break;
    case 'function_call': {
      const { name, arguments: json } = item;
      // A tool without arguments is called with none, but clients parse what they read.
      const isBlank = place.part.type === 'tool-call' && place.part.input === '';
      if (isBlank) yield { type: `${FUNCTION}.delta`, ...where, delta: json };
      yield { type: `${FUNCTION}.done`, ...where, name, arguments: json };
      break;
    }
    case 'custom_tool_call': {
      const { input } = item;
      // Other arguments than those that were asked for are known as such only now.
      const isUnsaid = input !== '' && !place.customInput?.hasBegun();
      if (isUnsaid) yield { type: `${CUSTOM}.delta`, ...where, delta: input };
      yield { type: `${CUSTOM}.done`, ...where, input };
      break;
    }
    case 'reasoning':
      for (const [summary_index, part] of item.summary.entries()) {
        const inSummary = { ...where, summary_index };
        yield { type: 'response.reasoning_summary_text.done', ...inSummary, text: part.text };
        yield { type: 'response.reasoning_summary_part.done', ...inSummary, part };
      }
      break;
    default: // nothing of the calls of other tools was said before
  }
  yield { type: 'response.output_item.done', output_index: place.index, item };
}

/** The model refused: a message of its own says so. */
export function* toRefusalEvents(
  refusal: string,
  index: number,
  options: ItemOptions,
): Iterable<ResponseEvent> {
  const part = { type: 'refusal' as const, refusal };
  const item = toRefusalItem([part], index, 'completed', options);
  const where = { ...inItem(item, { index }), content_index: 0 };
  yield {
    type: 'response.output_item.added',
    output_index: index,
    item: toRefusalItem([], index, 'in_progress', options),
  };
  yield { type: 'response.content_part.added', ...where, part: { ...part, refusal: '' } };
  yield { type: 'response.refusal.delta', ...where, delta: refusal };
  yield { type: 'response.refusal.done', ...where, refusal };
  yield { type: 'response.content_part.done', ...where, part };
  yield { type: 'response.output_item.done', output_index: index, item };
}

/** A compaction comes whole. */
export function* toCompactionEvents(
  summary: string,
  options: ItemOptions,
): Iterable<ResponseEvent> {
  const item = toCompactionItem(summary, options);
  yield { type: 'response.output_item.added', output_index: 0, item };
  yield { type: 'response.output_item.done', output_index: 0, item };
}

function* toContentEnd(
  item: Extract<OutputItem, { type: 'message' }>,
  place: Place,
): Iterable<ResponseEvent> {
  for (const [content_index, part] of item.content.entries()) {
    const where = { ...inItem(item, place), content_index };
    if (part.type === 'output_text') {
      yield { type: 'response.output_text.done', ...where, text: part.text, logprobs: [] };
    }
    yield { type: 'response.content_part.done', ...where, part };
  }
}

function inItem({ id }: OutputItem, { index }: Pick<Place, 'index'>) {
  return { item_id: id, output_index: index };
}

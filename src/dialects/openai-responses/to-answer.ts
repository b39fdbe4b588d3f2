import type { RunFinish } from '../../run.ts';
import { type RunAnswer, toText } from '../../run-answer.ts';
import type { Exchange } from '../dialect.ts';
import { toRefusal } from '../shared/openai-answer.ts';
import { type ResponsesBody, toInputItems } from './body.ts';
import { asksForCompaction } from './compaction-request.ts';
import {
  isOutput,
  type ItemOptions,
  type OutputItem,
  toCompactionItem,
  toOutputItem,
  toRefusalItem,
} from './output-item.ts';
import { readTools } from './tools/read-tools.ts';
import { type Response, toResponse, toResponseId } from './to-response.ts';

const STATUSES = {
  stop: 'completed',
  'stop-sequence': 'completed',
  length: 'incomplete',
  'tool-calls': 'completed',
  refusal: 'completed',
  'context-full': 'incomplete',
  paused: 'completed',
  'max-turns': 'incomplete',
  'max-budget': 'incomplete',
  interrupted: 'incomplete',
} as const satisfies Record<RunFinish, string>;

/** A whole `response`. */
export function toAnswer(answer: RunAnswer, exchange: Exchange<ResponsesBody>): Response {
  const { start, end } = answer;
  return toResponse(exchange, {
    status: STATUSES[end.finish],
    model: start.model,
    output: toOutput(answer, toItemOptions(exchange)),
    usage: end.usage,
    completedAtMs: STATUSES[end.finish] === 'completed' ? Date.now() : undefined,
  });
}

/** What the items of an answer need to know of its request. */
export function toItemOptions({ requestId, body }: Exchange<ResponsesBody>): ItemOptions {
  return {
    responseId: toResponseId(requestId),
    withEncryptedReasoning: body.include?.includes('reasoning.encrypted_content') ?? false,
    isCompaction: asksForCompaction(toInputItems(body.input)),
    tools: new Map(readTools(body).tools.map((tool) => [tool.offered.name, tool])),
  };
}

/** Only the last item of an answer that was cut is incomplete. */
function toOutput(answer: RunAnswer, options: ItemOptions): OutputItem[] {
  const { parts, end } = answer;
  if (options.isCompaction && end.finish !== 'refusal')
    return [toCompactionItem(toText(answer), options)];
  const shown = parts.filter((part) => isOutput(part, options));
  const items = shown.map((part, index, all) => {
    const isCut = STATUSES[end.finish] === 'incomplete' && index === all.length - 1;
    return toOutputItem(part, index, isCut ? 'incomplete' : 'completed', options);
  });
  if (end.finish !== 'refusal') return items;
  // What was said stands in the refusal: clients read other text as the answer they asked for.
  const refusal = { type: 'refusal' as const, refusal: toRefusal(toText(answer)) };
  return [
    ...items.filter(({ type }) => type !== 'message'),
    toRefusalItem([refusal], items.length, 'completed', options),
  ];
}

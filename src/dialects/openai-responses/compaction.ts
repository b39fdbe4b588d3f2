import { type RunAnswer, toText } from '../../run-answer.ts';
import type { Exchange } from '../dialect.ts';
import { toSeconds } from '../shared/openai-answer.ts';
import type { ResponsesBody } from './body.ts';
import type { InputItem } from './input-item.ts';
import { toUserMessages } from './compaction-request.ts';
import { toKeptItems } from './kept-items.ts';
import { toCompactionItem } from './output-item.ts';
import { toResponseId, toUsage } from './to-response.ts';

/** A `response.compaction`: what the user said, and the rest in one opaque item. */
export function toCompaction(
  answer: RunAnswer,
  input: readonly InputItem[],
  { requestId, arrivedAtMs }: Pick<Exchange<ResponsesBody>, 'requestId' | 'arrivedAtMs'>,
): object {
  const id = toResponseId(requestId);
  const said = toKeptItems(toUserMessages(input), id);
  const compaction = toCompactionItem(toText(answer), { responseId: id });
  return {
    id,
    object: 'response.compaction',
    created_at: toSeconds(arrivedAtMs),
    output: [...said, compaction],
    usage: toUsage(answer.end.usage),
  };
}

import { type RunAnswer, toText } from '../../run-answer.ts';
import type { Exchange } from '../dialect.ts';
import { toSeconds } from '../shared/openai-answer.ts';
import type { ResponsesBody } from './body.ts';
import type { InputItem } from './input-item.ts';
import { toKeptItems } from './kept-items.ts';
import { sealText } from './sealed-text.ts';
import { toResponseId, toUsage } from './to-response.ts';

const ASK = `Summarize the conversation so far for the one who continues it and will not see it: what
was asked and decided, what was found out and done (names, values, files, results of tools), what is
still open. Write the summary only.`;

/** The request that makes a summary of a conversation. */
export function toCompactionBody(
  { model, instructions, previous_response_id }: ResponsesBody,
  input: readonly InputItem[],
): ResponsesBody {
  const ask: InputItem = { type: 'message', role: 'user', content: ASK.replaceAll('\n', ' ') };
  return { model, instructions, previous_response_id, input: [...input, ask] };
}

/** A `response.compaction`: what the user said, and the rest in one opaque item. */
export function toCompaction(
  answer: RunAnswer,
  input: readonly InputItem[],
  { requestId, arrivedAtMs }: Pick<Exchange<ResponsesBody>, 'requestId' | 'arrivedAtMs'>,
): object {
  const id = toResponseId(requestId);
  const said = toKeptItems(input, id).filter(
    (item) => item.type === 'message' && item.role === 'user',
  );
  const compaction = {
    id: id.replace(/^resp_/, 'cmp_'),
    type: 'compaction',
    encrypted_content: sealText(toText(answer)),
  };
  return {
    id,
    object: 'response.compaction',
    created_at: toSeconds(arrivedAtMs),
    output: [...said, compaction],
    usage: toUsage(answer.end.usage),
  };
}

import { type AnswerPart, type RunAnswer, toText } from '../../run-answer.ts';
import type { Exchange } from '../dialect.ts';
import { readCustomInput } from '../shared/custom-tool.ts';
import { FINISH_REASONS, toRefusal, toSeconds, toUsage } from '../shared/openai-answer.ts';
import type { ChatBody } from './body.ts';
import { toCustomNames } from './tools.ts';

/** A whole `chat.completion`. Thinking is handed out as `reasoning_content`, as others do. */
export function toAnswer(answer: RunAnswer, { body, arrivedAtMs }: Exchange<ChatBody>): object {
  const { start, parts, end } = answer;
  const text = toText(answer);
  const customNames = toCustomNames(body.tools);
  const reasoning = parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('');
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [toToolCall(part, customNames)] : [],
  );
  const isRefusal = end.finish === 'refusal';
  return {
    id: toCompletionId(start.id),
    object: 'chat.completion',
    created: toSeconds(arrivedAtMs),
    model: start.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          refusal: isRefusal ? toRefusal(text) : null,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: FINISH_REASONS[end.finish],
      },
    ],
    usage: toUsage(end.usage),
  };
}

/** The API's `msg_…` id with the prefix that OpenAI's clients expect. */
export function toCompletionId(messageId: string): string {
  return `chatcmpl-${messageId.replace(/^msg_/, '')}`;
}

function toToolCall(
  { id, name, input }: Extract<AnswerPart, { type: 'tool-call' }>,
  customNames: ReadonlySet<string>,
) {
  if (customNames.has(name)) {
    return { id, type: 'custom', custom: { name, input: readCustomInput(input) } };
  }
  return { id, type: 'function', function: { name, arguments: input || '{}' } };
}

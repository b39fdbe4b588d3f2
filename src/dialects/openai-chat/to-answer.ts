import { type AnswerPart, type RunAnswer, toText } from '../../run-answer.ts';
import type { RunFinish } from '../../run.ts';
import type { Exchange } from '../dialect.ts';
import { readCustomInput } from '../shared/custom-tool.ts';
import { FINISH_REASONS, sumUsage, toRefusal, toSeconds } from '../shared/openai-answer.ts';
import type { ChatBody } from './body.ts';
import { callsFunctions } from './from-functions.ts';
import { toCustomNames } from './tools.ts';

/** A whole `chat.completion`. Thinking is handed out as `reasoning_content`, as others do. */
export function toAnswer(answer: RunAnswer, exchange: Exchange<ChatBody>): object {
  return toAnswers([answer], exchange);
}

/** The same with a choice for each of several answers. */
export function toAnswers(
  answers: readonly RunAnswer[],
  { body, arrivedAtMs }: Exchange<ChatBody>,
): object {
  const start = answers[0]?.start;
  return {
    id: toCompletionId(start?.id ?? ''),
    object: 'chat.completion',
    created: toSeconds(arrivedAtMs),
    model: start?.model,
    choices: answers.map((answer, index) => ({ index, ...toChoice(answer, body) })),
    usage: sumUsage(answers.map(({ end }) => end.usage)),
  };
}

function toChoice(answer: RunAnswer, body: ChatBody) {
  const { parts, end } = answer;
  const text = toText(answer);
  const customNames = toCustomNames(body.tools);
  const reasoning = parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join('');
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [toToolCall(part, customNames)] : [],
  );
  const isLegacy = callsFunctions(body);
  return {
    message: {
      role: 'assistant',
      content: text === '' && calls.length > 0 ? null : text,
      refusal: end.finish === 'refusal' ? toRefusal(text) : null,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(calls.length > 0 && !isLegacy && { tool_calls: calls }),
      ...(calls.length > 0 && isLegacy && { function_call: calls[0]?.function }),
    },
    logprobs: null,
    finish_reason: toFinishReason(end.finish, isLegacy),
  };
}

/** How an answer finished, in the words of tools or of the functions before them. */
export function toFinishReason(finish: RunFinish, isLegacy: boolean): string {
  return isLegacy && finish === 'tool-calls' ? 'function_call' : FINISH_REASONS[finish];
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

import { countTokens } from './count-tokens.ts';
import { answerDirective } from './directives.ts';
import { fitText } from './fit-text.ts';
import type { AnswerUsage } from './message-events.ts';
import {
  toBlocks,
  toText,
  type Block,
  type MessagesBody,
  type ToolParam,
} from './messages-body.ts';
import { textReply, toolReply, type Reply } from './replies.ts';
import { sampleOf } from './sample-of.ts';

const MAX_QUOTED_CHARACTERS = 500;
/** The tool through which the CLI asks an agent for an answer of a given shape. */
const OUTPUT_TOOL = 'StructuredOutput';

/**
 * The demo model: it echoes what it was told, follows the directives in it (directives.ts), and honours
 * the request's limits, output format and tool choice. The same request always gets the same text.
 */
export function demoAnswer(body: MessagesBody): Reply {
  const usage = toUsage(body);
  const blocks = toBlocks(body.messages.findLast(({ role }) => role === 'user')?.content);
  const results = blocks.filter(({ type }) => type === 'tool_result');
  const userText = results.length > 0 ? '' : lastTextOf(blocks);
  const text = toAnswerText(body, userText, results);
  const fitted = fitText(text, body);
  const options = { ...fitted.options, usage };
  const directed = answerDirective(userText, { body, text: fitted.text, usage, options });
  if (directed) return directed;

  const forced = results.length > 0 ? undefined : toForcedTool(body);
  if (forced) return callWithSample(forced, usage);
  const outputTool = findTool(body, OUTPUT_TOOL);
  if (outputTool && !isAnswered(body, OUTPUT_TOOL)) return callWithSample(outputTool, usage);
  return textReply(fitted.text, options);
}

function toUsage(body: MessagesBody): AnswerUsage {
  return {
    input_tokens: countTokens(body),
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  };
}

/** The user's own words: the CLI puts reminders of its own beside them. */
function lastTextOf(blocks: readonly Block[]): string {
  const texts = blocks.flatMap(({ type, text = '' }) => (type === 'text' ? [text] : []));
  return texts.findLast((text) => !text.startsWith('<system-reminder>')) ?? '';
}

function toAnswerText(
  { messages, output_config: output }: MessagesBody,
  userText: string,
  results: readonly Block[],
): string {
  const { type, schema } = output?.format ?? {};
  if (type === 'json_schema' && schema) return JSON.stringify(sampleOf(schema));
  if (results.length > 0)
    return `The tool said: ${results.map(({ content }) => toQuote(toText(content))).join(', ')}. This is the demo model.`;
  const count = messages.filter(({ role }) => role !== 'system').length;
  return `You said: ${toQuote(userText)}. This is the demo model: a script answers here, not Claude. It was sent ${count} ${count === 1 ? 'message' : 'messages'}.`;
}

function toQuote(text: string): string {
  const short = text.trim().slice(0, MAX_QUOTED_CHARACTERS).toWellFormed();
  return `"${short}${short.length < text.trim().length ? '…' : ''}"`;
}

function toForcedTool(body: MessagesBody): ToolParam | undefined {
  if (body.tool_choice?.type === 'any')
    return body.tools?.find(({ input_schema: schema }) => schema !== undefined);
  return body.tool_choice?.type === 'tool' ? findTool(body, body.tool_choice.name) : undefined;
}

function findTool({ tools = [] }: MessagesBody, name: string | undefined): ToolParam | undefined {
  return tools.find((tool) => tool.name === name);
}

function callWithSample({ name, input_schema: schema = {} }: ToolParam, usage: AnswerUsage): Reply {
  return toolReply([{ name, input: sampleOf(schema) }], { usage });
}

/** Whether the tool was called since the user last spoke. */
function isAnswered({ messages }: MessagesBody, name: string): boolean {
  const spokenAt = messages.findLastIndex(
    ({ role, content }) =>
      role === 'user' && toBlocks(content).every(({ type }) => type !== 'tool_result'),
  );
  return messages
    .slice(spokenAt + 1)
    .some(({ content }) =>
      toBlocks(content).some((block) => block.type === 'tool_use' && block.name === name),
    );
}

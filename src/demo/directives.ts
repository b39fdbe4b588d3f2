import { setTimeout as wait } from 'node:timers/promises';
import { fitText } from './fit-text.ts';
import type { AnswerOptions, AnswerUsage } from './message-events.ts';
import { isThinkingOn, type MessagesBody } from './messages-body.ts';
import {
  cutReply,
  emptyReply,
  errorReply,
  failingReply,
  refusalReply,
  silentReply,
  slowReply,
  textReply,
  thinkingReply,
  toolReply,
  type Reply,
} from './replies.ts';
import { sampleOf } from './sample-of.ts';

/** What a directive has to work with: its value (after `=`), and the answer that would be given without it. */
export type DirectiveContext = {
  value: string;
  body: MessagesBody;
  text: string;
  usage: AnswerUsage;
  /** How the text ends, and `usage` once more. */
  options: AnswerOptions;
};

const MAX_WORDS = 100_000;
const DEFAULT_WORD_DELAY_MS = 200;
const RETRY_AFTER_SECONDS = 5;

/** Written anywhere in the last user text, each makes the demo model behave in its way. */
const DIRECTIVES = {
  /** `demo:error=529`: fails with that status (400 401 403 404 413 429 500 504 529). */
  error: ({ value }) => toError(Number(value)),
  /** `demo:max_tokens`: an answer cut off by the token limit. */
  max_tokens: ({ text, options }) => textReply(text, { ...options, stopReason: 'max_tokens' }),
  /** `demo:refusal`: the model refuses. */
  refusal: ({ usage }) => refusalReply(undefined, { usage }),
  /** `demo:empty`: an answer without content. */
  empty: ({ usage }) => emptyReply({ usage }),
  /** `demo:cut`: the connection breaks in the middle of the text. */
  cut: ({ text, options }) => cutReply(text, options),
  /** `demo:fail`: the API's own error event in the middle of the text. */
  fail: ({ text, options }) =>
    failingReply(text, { type: 'overloaded_error', message: 'Overloaded' }, options),
  /** `demo:hang`: nothing comes, until the client leaves. */
  hang: () => silentReply(),
  /** `demo:slow` or `demo:slow=MS`: a wait after each word, 200 ms by default. */
  slow: ({ value, text, options }) =>
    slowReply(
      text,
      () => wait(Number(value) || DEFAULT_WORD_DELAY_MS, undefined, { ref: false }),
      options,
    ),
  /** `demo:think`: thinks before the text, if the request turns thinking on. */
  think: ({ body, text, options }) =>
    isThinkingOn(body)
      ? // The API keeps the thinking to itself when asked to, and sends its signature only.
        thinkingReply(
          body.thinking?.display === 'omitted' ? '' : 'The demo model thinks about its answer.',
          text,
          options,
        )
      : textReply(text, options),
  /** `demo:long=N`: N words, one event each. */
  long: ({ value, body, usage }) => {
    const count = Math.min(Number(value) || 1, MAX_WORDS);
    const words = Array.from({ length: count }, (_, index) => `word${index + 1}`).join(' ');
    const { text, options } = fitText(words, body);
    return textReply(text, { ...options, usage });
  },
  /** `demo:tool=NAME`: calls that tool of the client, with an input made from its schema. */
  tool: (context) => callTool(context, context.value),
  /** `demo:bash=COMMAND`: runs the rest of the line with the agent's own Bash tool. */
  bash: (context) =>
    callTool(context, 'Bash', { command: context.value, description: 'Run a demo command' }),
} satisfies Record<string, (context: DirectiveContext) => Reply>;

const DIRECTIVE = /demo:(?:bash=(?<command>.+)|(?<name>[a-z_]+)(?:=(?<value>[\w.-]*\w))?)/u;

/** The answer that a directive in the user's text asks for, if there is one. */
export function answerDirective(
  userText: string,
  context: Omit<DirectiveContext, 'value'>,
): Reply | undefined {
  const groups = DIRECTIVE.exec(userText)?.groups;
  if (!groups) return undefined;
  const { command = '', name = 'bash', value = command } = groups;
  return toDirective(name)?.({ ...context, value: value.trim() });
}

function toDirective(name: string): ((context: DirectiveContext) => Reply) | undefined {
  const directives: Record<string, (context: DirectiveContext) => Reply> = DIRECTIVES;
  return Object.hasOwn(directives, name) ? directives[name] : undefined;
}

function callTool(
  { body, text, usage, options }: DirectiveContext,
  name: string,
  given?: unknown,
): Reply {
  const tool = body.tools?.find((offered) => offered.name === name);
  if (!tool || body.tool_choice?.type === 'none')
    return textReply(`${text} (No tool named "${name}" was offered.)`, options);
  return toolReply([{ name, input: given ?? sampleOf(tool.input_schema ?? {}) }], { usage });
}

const ERRORS: Record<number, [type: string, message: string]> = {
  400: ['invalid_request_error', 'The demo refuses this request, as it was told to.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'The requested resource could not be found.'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', "This request would exceed your account's rate limit."],
  500: ['api_error', 'Internal server error'],
  504: ['timeout_error', 'The request timed out'],
  529: ['overloaded_error', 'Overloaded'],
};

function toError(status: number): Reply {
  const [type, message] = ERRORS[status] ?? [];
  if (!type || !message)
    return textReply(`The demo knows these errors: ${Object.keys(ERRORS).join(', ')}.`);
  return errorReply(
    status,
    type,
    message,
    status === 429 ? { retryAfter: RETRY_AFTER_SECONDS } : {},
  );
}

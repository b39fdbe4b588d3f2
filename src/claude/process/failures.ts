import { RunError, type RunErrorCode } from '../../run-error.ts';
import type { ResultLine } from './protocol.ts';
import type { ApiRetryLine } from './system-lines.ts';

/** A longer wait, in milliseconds, is left to the caller. */
const LONGEST_SILENT_RETRY_MS = 2000;

const CODES_BY_STATUS: Readonly<Record<number, RunErrorCode>> = {
  400: 'invalid-request',
  401: 'not-logged-in',
  403: 'forbidden',
  404: 'model-not-found',
  408: 'timeout',
  413: 'request-too-large',
  429: 'rate-limited',
  504: 'timeout',
  508: 'loop',
  529: 'overloaded',
};

/** Seconds that a caller should wait where the API did not say. */
const RETRY_AFTER_SECONDS: Partial<Record<RunErrorCode, number>> = {
  'rate-limited': 20,
  overloaded: 5,
  'upstream-failed': 2,
  'cli-failed': 2,
};

const REFUSED_LOGIN =
  'The API refuses the login of the claude CLI behind this server; only its operator can help.';

/** What the CLI writes for a person at a terminal → what that means to a caller. */
const SAID_TO_A_PERSON: readonly [RegExp, RunErrorCode, sentence: string][] = [
  [
    /^Not logged in|Could not resolve authentication/,
    'not-logged-in',
    'The claude CLI behind this server is not logged in; only its operator can help.',
  ],
  [/^Authentication failed/, 'not-logged-in', REFUSED_LOGIN],
  [
    /^Credit balance is too low/,
    'forbidden',
    'The credit balance of the account behind this server is too low.',
  ],
  [/^Request too large/, 'request-too-large', 'The API takes requests of at most 32 MB.'],
  [/^Network error/, 'upstream-failed', 'The API cannot be reached from this server.'],
];

const TOO_LONG = 'Prompt is too long';

/** What the CLI puts around the API's own sentence. */
const BEFORE_SENTENCE =
  /^(?:Failed to authenticate\. )?(?:API error: *)?(?:Request rejected \(\d{3}\) · |\d{3}\b *)?/i;
const AFTER_SENTENCE =
  / · model not changed$|\. (?:This is a server-side issue|This is usually temporary|Check your network).*$| This is usually temporary.*$| · Please run \/login.*$/s;

/**
 * Translates the CLI's result line of a failed turn. The CLI reports failures as `success` with
 * `is_error`, and as text that looks like the model's; none of that text is ever an answer.
 */
export function toTurnError(
  result: ResultLine,
  { model, hasRetried = true }: { model: string; hasRetried?: boolean },
): RunError {
  const text = result.result ?? result.errors?.join('; ') ?? '';
  // `blocking_limit`: the CLI found so by itself, without asking the API (2.1.330).
  const isTooLong = result.terminal_reason === 'blocking_limit' && text.startsWith(TOO_LONG);
  if (isTooLong || result.terminal_reason === 'prompt_too_long') return toContextOverflow(text);
  if (result.subtype === 'error_during_execution') {
    return new RunError('cli-failed', `The claude CLI could not carry out the run: ${text}`);
  }
  return toApiError({ status: result.api_error_status, text, model, hasRetried });
}

/** The CLI refuses a control request. `set_model` asks the API first, so its refusal is the API's. */
export function toRefusalError(
  request: { subtype: string; model?: unknown },
  reason: unknown,
): RunError {
  const text = String(reason);
  if (request.subtype !== 'set_model') {
    return new RunError('cli-failed', 'The claude CLI refused a control request.', {
      cause: `${request.subtype}: ${text}`,
      retryAfterSeconds: RETRY_AFTER_SECONDS['cli-failed'],
    });
  }
  const said = /^API error: (\d{3})\b/.exec(text)?.[1];
  const status = text.endsWith('not found') ? 404 : said === undefined ? undefined : Number(said);
  return toApiError({ status, text, model: String(request.model), hasRetried: true });
}

type ApiFailure = {
  status: number | null | undefined;
  text: string;
  model: string;
  /** Whether the CLI tried again: it does not when the API says that the wait is long. */
  hasRetried: boolean;
};

function toApiError({ status, text, model, hasRetried }: ApiFailure): RunError {
  const [, known, sentence] = SAID_TO_A_PERSON.find(([pattern]) => pattern.test(text)) ?? [];
  const code = known ?? CODES_BY_STATUS[status ?? 0] ?? 'upstream-failed';
  if (code === 'model-not-found') {
    return new RunError(
      code,
      `The model \`${model}\` does not exist or this account has no access to it.`,
    );
  }
  const isLong = code === 'rate-limited' && !hasRetried;
  const said = code === 'not-logged-in' ? REFUSED_LOGIN : toSentence(text);
  return new RunError(code, sentence ?? said, {
    cause: text,
    retryAfterSeconds: isLong ? undefined : RETRY_AFTER_SECONDS[code],
  });
}

/** "API Error: 400 temperature: …" → "temperature: …" */
function toSentence(text: string) {
  const network = /\((E[A-Z_]{4,})\)/.exec(text)?.[1];
  if (network) return `The API cannot be reached from this server (${network}).`;
  const sentence = text.replace(BEFORE_SENTENCE, '').replace(AFTER_SENTENCE, '').trim();
  return /^$|^"?</.test(sentence) ? 'The API failed without saying why.' : sentence;
}

/** The CLI rewrites the API's sentence and keeps its numbers only sometimes. */
function toContextOverflow(text: string) {
  const tokens = /~?(\d{4,}) tokens/.exec(text)?.[1];
  const limit = /limit (\d{4,})|> (\d{4,})/.exec(text)?.slice(1).find(Boolean);
  const numbers = tokens && limit ? `: ${tokens} tokens > ${limit} maximum` : '';
  return new RunError('context-overflow', `prompt is too long${numbers}`);
}

/**
 * The CLI announces that it will retry a failed call. Short waits are left to the CLI; a long one for a
 * rate limit or an overload becomes an error, so that the caller can decide.
 */
export function toRetryError(retry: ApiRetryLine): RunError | undefined {
  const isBusy = retry.error_status === 429 || retry.error_status === 529;
  if (!isBusy || retry.retry_delay_ms <= LONGEST_SILENT_RETRY_MS) return undefined;
  const retryAfterSeconds = Math.ceil(retry.retry_delay_ms / 1000);
  return retry.error_status === 429
    ? new RunError('rate-limited', 'The rate limit of the account behind this server is reached.', {
        retryAfterSeconds,
      })
    : new RunError('overloaded', 'The API is overloaded.', { retryAfterSeconds });
}

/** The stream broke after a part of the answer was sent; the CLI's next try would begin a second answer. */
export function brokenStream(): RunError {
  return new RunError(
    'upstream-failed',
    "The API's answer broke off before its end; the text so far is incomplete.",
    { retryAfterSeconds: RETRY_AFTER_SECONDS['upstream-failed'] },
  );
}

/** The process is gone although something was still expected of it. `cause` is for the log. */
export function processEnded(cause: string): RunError {
  const sentence = 'The claude CLI ended before its answer was complete; try again.';
  return new RunError('cli-failed', sentence, {
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS['cli-failed'],
  });
}

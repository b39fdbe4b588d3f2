import { RunError, type RunErrorCode } from '../run-error.ts';
import type { ApiRetryLine, ResultLine } from './protocol.ts';

/** A wait longer than this is told to the caller instead of being sat out. */
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
  529: 'overloaded',
};

const SENTENCES: Partial<Record<RunErrorCode, string>> = {
  'not-logged-in':
    'The claude CLI behind this server has no valid login; its operator has to run `claude` and `/login`, or set ANTHROPIC_API_KEY.',
};

/**
 * Translates the CLI's result line of a failed turn. The CLI reports failures as `success` with
 * `is_error`, and as text that looks like the model's; none of that text is ever an answer.
 */
export function toTurnError(result: ResultLine, { model }: { model: string }): RunError {
  const text = result.result ?? result.errors?.join('; ') ?? '';
  if (result.terminal_reason === 'prompt_too_long') return toContextOverflow(text);
  if (result.subtype === 'error_during_execution') {
    return new RunError('cli-failed', `The claude CLI could not carry out the run: ${text}`);
  }
  const code = toCode(result, text);
  if (code === 'model-not-found') {
    return new RunError(
      code,
      `The model \`${model}\` does not exist or this account has no access to it.`,
    );
  }
  return new RunError(code, SENTENCES[code] ?? toSentence(text), {
    retryAfterSeconds: RETRY_AFTER_SECONDS[code],
  });
}

/** Seconds that a caller should wait where the API did not say. */
const RETRY_AFTER_SECONDS: Partial<Record<RunErrorCode, number>> = {
  'rate-limited': 20,
  overloaded: 5,
  'upstream-failed': 2,
};

function toCode({ api_error_status: status }: ResultLine, text: string): RunErrorCode {
  if (typeof status === 'number') return CODES_BY_STATUS[status] ?? 'upstream-failed';
  return text.startsWith('Not logged in') ? 'not-logged-in' : 'upstream-failed';
}

/** "API Error: 400 temperature: …" → "temperature: …" */
function toSentence(text: string) {
  const sentence = text.replace(/^API Error:\s*(\d{3}\s*)?/, '').trim();
  return sentence === '' ? 'The API failed without saying why.' : sentence;
}

/** The CLI rewrites the API's sentence and keeps its numbers only sometimes. */
function toContextOverflow(text: string) {
  const tokens = /~?(\d{4,}) tokens/.exec(text)?.[1];
  const limit = /(\d{4,})[^\d]*$/.exec(text.replace(/.*tokens/, ''))?.[1];
  const numbers =
    tokens === undefined ? '' : `: ${tokens} tokens${limit ? ` > ${limit} maximum` : ''}`;
  return new RunError('context-overflow', `prompt is too long${numbers}`);
}

/**
 * The CLI announces that it will try a failed call again. Short waits are its own business; a long
 * one for a rate limit or an overload is the caller's to wait out.
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

/** The stream broke after a part of the answer was out; what the CLI tries next would be a second text. */
export function brokenStream(): RunError {
  return new RunError(
    'upstream-failed',
    "The API's answer broke off before its end; the text so far is incomplete.",
  );
}

/** The process is gone although something was still expected of it. `cause` is for the log. */
export function processEnded(cause: string): RunError {
  const sentence = 'The claude CLI ended before its answer was complete; try again.';
  return new RunError('cli-failed', sentence, { cause, retryAfterSeconds: 1 });
}

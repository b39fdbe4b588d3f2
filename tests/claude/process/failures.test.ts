import { describe, expect, test } from 'vitest';

import { toRefusalError, toRetryError, toTurnError } from '../../../src/claude/process/failures.ts';
import type { ResultLine } from '../../../src/claude/process/protocol.ts';

function toResult(fields: Partial<ResultLine>): ResultLine {
  return {
    type: 'result',
    subtype: 'success',
    is_error: true,
    num_turns: 1,
    session_id: 'session',
    ...fields,
  };
}

const ASKED = { model: 'sonnet' };

/** What the real CLI says (2.1.330) → what a caller reads. */
test.each([
  [400, 'API Error: 400 messages.0: bad', 'invalid-request', 'messages.0: bad'],
  [
    400,
    'Credit balance is too low',
    'forbidden',
    'The credit balance of the account behind this server is too low.',
  ],
  [
    401,
    'Invalid API key · Fix external API key',
    'not-logged-in',
    'The API refuses the login of the claude CLI behind this server; only its operator can help.',
  ],
  [
    401,
    'Please run /login · API Error: 401 x',
    'not-logged-in',
    'The API refuses the login of the claude CLI behind this server; only its operator can help.',
  ],
  [
    null,
    'Not logged in · Please run /login',
    'not-logged-in',
    'The claude CLI behind this server is not logged in; only its operator can help.',
  ],
  [403, 'Failed to authenticate. API Error: 403 You may not.', 'forbidden', 'You may not.'],
  [
    404,
    "There's an issue with the selected model (x). Run --model to pick a different model.",
    'model-not-found',
    'The model `sonnet` does not exist or this account has no access to it.',
  ],
  [
    413,
    'Request too large (max 32MB). Remove older images or compact the conversation.',
    'request-too-large',
    'The API takes requests of at most 32 MB.',
  ],
  [
    429,
    "API Error: Request rejected (429) · Your account's limit.",
    'rate-limited',
    "Your account's limit.",
  ],
  [
    500,
    'API Error: 500 Internal server error. This is a server-side issue, usually temporary — try again in a moment. If it persists, check your inference gateway (10.0.0.1:8000).',
    'upstream-failed',
    'Internal server error',
  ],
  [
    502,
    'API Error: 502 "<html>Bad Gateway</html>". This is a server-side issue, usually temporary',
    'upstream-failed',
    'The API failed without saying why.',
  ],
  [529, 'API Error: Overloaded', 'overloaded', 'Overloaded'],
  [
    null,
    'API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)',
    'upstream-failed',
    'The API cannot be reached from this server (ECONNREFUSED).',
  ],
  [
    null,
    'API Error: Connection to the API was lost (ECONNRESET). This is usually temporary — try again.',
    'upstream-failed',
    'The API cannot be reached from this server (ECONNRESET).',
  ],
  [null, '', 'upstream-failed', 'The API failed without saying why.'],
])('%s %s', (status, text, code, message) => {
  const error = toTurnError(toResult({ api_error_status: status, result: text }), ASKED);
  expect(error).toMatchObject({ code, message });
});

describe('a prompt that is too long', () => {
  test.each([
    ['Prompt is too long', 'prompt is too long'],
    [
      'Prompt is too long · the request is ~208310 tokens (limit 200000) and this conversation’s own content is most of it.',
      'prompt is too long: 208310 tokens > 200000 maximum',
    ],
    [
      'Prompt is too long · the request is ~208310 tokens (limit 200000) but this conversation is only ~1200 tokens — the rest is system prompt',
      'prompt is too long: 208310 tokens > 200000 maximum',
    ],
    [
      'prompt is too long: 208310 tokens > 200000 maximum',
      'prompt is too long: 208310 tokens > 200000 maximum',
    ],
  ])('%s', (text, message) => {
    const result = toResult({
      terminal_reason: 'prompt_too_long',
      api_error_status: 400,
      result: text,
    });
    expect(toTurnError(result, ASKED)).toMatchObject({ code: 'context-overflow', message });
  });
});

describe('how long to wait', () => {
  const limit = toResult({
    api_error_status: 429,
    result: 'API Error: Request rejected (429) · x',
  });

  test('is a guess when the API does not say', () => {
    expect(toTurnError(limit, ASKED).retryAfterSeconds).toBe(20);
  });

  test('is left open when the CLI did not even try again: such a limit lasts', () => {
    expect(toTurnError(limit, { ...ASKED, hasRetried: false }).retryAfterSeconds).toBeUndefined();
  });

  test.each([
    [429, 7947, 'rate-limited', 8],
    [529, 2001, 'overloaded', 3],
  ])('is what the API said: %d, %d ms', (error_status, retry_delay_ms, code, retryAfterSeconds) => {
    const line = { type: 'system', subtype: 'api_retry', error_status, retry_delay_ms } as const;
    expect(toRetryError(line)).toMatchObject({ code, retryAfterSeconds });
  });

  test.each([
    [429, 2000],
    [529, 500],
    [500, 30_000],
    [null, 30_000],
  ])('is the CLI’s own business: %s, %d ms', (error_status, retry_delay_ms) => {
    const line = { type: 'system', subtype: 'api_retry', error_status, retry_delay_ms } as const;
    expect(toRetryError(line)).toBeUndefined();
  });
});

/** `set_model` asks the API about a name that the CLI does not know. */
test.each([
  ["Model 'nope' not found", 'model-not-found', /`nope`/],
  ['API error: 400 bad thing · model not changed', 'invalid-request', /^bad thing$/],
  ['API error: 403 no · model not changed', 'forbidden', /^no$/],
  ['API error: 429 limit · model not changed', 'rate-limited', /^limit$/],
  ['API error: 500 Internal · model not changed', 'upstream-failed', /^Internal$/],
  ['API error: 529 Overloaded · model not changed', 'overloaded', /^Overloaded$/],
  [
    'Authentication failed. Please check your API credentials.',
    'not-logged-in',
    /refuses the login/,
  ],
  ['Network error. Please check your internet connection.', 'upstream-failed', /cannot be reached/],
  [
    'Unable to validate model: Could not resolve authentication method.',
    'not-logged-in',
    /not logged in/,
  ],
])('a refused model: %s', (reason, code, message) => {
  const error = toRefusalError({ subtype: 'set_model', model: 'nope' }, reason);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});

test('another refused control request is the CLI’s failure, its words for the log only', () => {
  const error = toRefusalError({ subtype: 'initialize' }, 'Already initialized');
  expect(error).toMatchObject({
    code: 'cli-failed',
    message: 'The claude CLI refused a control request.',
    cause: 'initialize: Already initialized',
  });
});

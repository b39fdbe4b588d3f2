import { errorReply, type Reply, silentReply } from '../../src/demo/replies.ts';

export type UpstreamCase = {
  reply: () => Reply;
  /** The caller reads this. */
  sentence: RegExp;
  openai: { status: number; type: string; code: string | null };
  anthropic: { status: number; type: string };
  direct: { status: number; code: string };
  headers: { 'retry-after': RegExp | null; 'x-should-retry': 'false' | null };
};

const NO_HINT = { 'retry-after': null, 'x-should-retry': null };
const NEVER = { 'retry-after': null, 'x-should-retry': 'false' } as const;
const soon = (pattern: RegExp) => ({ 'retry-after': pattern, 'x-should-retry': null });

/** What the API answers → what callers of each dialect get. */
export const UPSTREAM_CASES = {
  'a request that the API refuses': {
    reply: () => errorReply(400, 'invalid_request_error', 'messages.0: the API dislikes this'),
    sentence: /^messages\.0: the API dislikes this$/,
    openai: { status: 400, type: 'invalid_request_error', code: null },
    anthropic: { status: 400, type: 'invalid_request_error' },
    direct: { status: 400, code: 'invalid-request' },
    headers: NO_HINT,
  },
  'a login that the API refuses': {
    reply: () => errorReply(401, 'authentication_error', 'invalid x-api-key'),
    sentence: /^The API refuses the login of the claude CLI behind this server/,
    openai: { status: 401, type: 'invalid_request_error', code: 'cli_not_logged_in' },
    anthropic: { status: 401, type: 'authentication_error' },
    direct: { status: 401, code: 'not-logged-in' },
    headers: NEVER,
  },
  'an account without money': {
    reply: () =>
      errorReply(
        400,
        'invalid_request_error',
        'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.',
      ),
    sentence: /^The credit balance of the account behind this server is too low\.$/,
    openai: { status: 403, type: 'invalid_request_error', code: 'permission_denied' },
    anthropic: { status: 403, type: 'permission_error' },
    direct: { status: 403, code: 'forbidden' },
    headers: NO_HINT,
  },
  'an account that may not': {
    reply: () => errorReply(403, 'permission_error', 'Your API key may not use this resource.'),
    sentence: /^Your API key may not use this resource\.$/,
    openai: { status: 403, type: 'invalid_request_error', code: 'permission_denied' },
    anthropic: { status: 403, type: 'permission_error' },
    direct: { status: 403, code: 'forbidden' },
    headers: NO_HINT,
  },
  'a model that the account lacks': {
    reply: () => errorReply(404, 'not_found_error', 'model: claude-sonnet-5-5'),
    sentence: /The model `sonnet` does not exist or this account has no access to it\.$/,
    openai: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
    anthropic: { status: 404, type: 'not_found_error' },
    direct: { status: 404, code: 'model-not-found' },
    headers: NO_HINT,
  },
  'a request too large for the API': {
    reply: () => errorReply(413, 'request_too_large', 'Request exceeds the maximum size'),
    sentence: /^The API takes requests of at most 32 MB\.$/,
    openai: { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
    anthropic: { status: 413, type: 'request_too_large' },
    direct: { status: 413, code: 'request-too-large' },
    headers: NO_HINT,
  },
  'a rate limit of seconds': {
    reply: () => errorReply(429, 'rate_limit_error', 'Slow down.', { retryAfter: 7 }),
    sentence: /^The rate limit of the account behind this server is reached\.$/,
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    anthropic: { status: 429, type: 'rate_limit_error' },
    direct: { status: 429, code: 'rate-limited' },
    headers: soon(/^([7-9]|10)$/), // the CLI adds some jitter
  },
  'a rate limit of hours': {
    reply: () => errorReply(429, 'rate_limit_error', 'Come back tomorrow.', { retryAfter: 36_000 }),
    sentence: /^Come back tomorrow\.$/,
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    anthropic: { status: 429, type: 'rate_limit_error' },
    direct: { status: 429, code: 'rate-limited' },
    headers: NEVER,
  },
  'a rate limit of unknown length': {
    reply: () => errorReply(429, 'rate_limit_error', 'Slow down.'),
    sentence: /^Slow down\.$/,
    openai: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    anthropic: { status: 429, type: 'rate_limit_error' },
    direct: { status: 429, code: 'rate-limited' },
    headers: soon(/^20$/),
  },
  'an overload': {
    reply: () => errorReply(529, 'overloaded_error', 'Overloaded', { retryAfter: 4 }),
    sentence: /^The API is overloaded\.$/,
    openai: { status: 503, type: 'server_error', code: 'overloaded' },
    anthropic: { status: 529, type: 'overloaded_error' },
    direct: { status: 529, code: 'overloaded' },
    headers: soon(/^[4-6]$/),
  },
  'a failure of the API': {
    reply: () => errorReply(500, 'api_error', 'Internal server error'),
    sentence: /^Internal server error\.?$/,
    openai: { status: 500, type: 'server_error', code: 'upstream_error' },
    anthropic: { status: 500, type: 'api_error' },
    direct: { status: 500, code: 'upstream-failed' },
    headers: soon(/^2$/),
  },
  'a page of HTML': {
    reply: () => ({ status: 502, headers: {}, body: '<html>Bad Gateway</html>' }),
    sentence: /^The API failed without saying why\.$/,
    openai: { status: 500, type: 'server_error', code: 'upstream_error' },
    anthropic: { status: 500, type: 'api_error' },
    direct: { status: 500, code: 'upstream-failed' },
    headers: soon(/^2$/),
  },
  'a prompt that is too long': {
    reply: () =>
      errorReply(
        400,
        'invalid_request_error',
        'prompt is too long: 208310 tokens > 200000 maximum',
      ),
    sentence: /prompt is too long/,
    openai: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
    anthropic: { status: 400, type: 'invalid_request_error' },
    direct: { status: 400, code: 'context-overflow' },
    headers: NO_HINT,
  },
} as const satisfies Record<string, UpstreamCase>;

export type UpstreamCaseName = keyof typeof UPSTREAM_CASES;

export const UPSTREAM_CASE_NAMES = Object.keys(UPSTREAM_CASES) as UpstreamCaseName[]; // its own keys

/** The model that fails as the prompt says, by a case's name. */
export function answerAsTold(body: { messages: readonly { content: unknown }[] }): Reply {
  const said = JSON.stringify(body.messages);
  const found = Object.entries(UPSTREAM_CASES).find(([name]) => said.includes(`<${name}>`));
  return found ? found[1].reply() : silentReply();
}

import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import { describe, expect, test } from 'vitest';

import { demoAnswer } from '../../src/demo/answers.ts';
import { errorReply } from '../../src/demo/replies.ts';
import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { failureOf } from './failure-of.ts';
import { recordFetch } from './record-fetch.ts';
import { skipWaits } from './skip-waits.ts';

const proxy = createScriptedProxy();

describe('each failure of the API is the class that the SDK has for it', () => {
  test.each([
    [401, AuthenticationError, 401, 'cli_not_logged_in'],
    [403, PermissionDeniedError, 403, 'permission_denied'],
    [404, NotFoundError, 404, 'model_not_found'],
    [429, RateLimitError, 429, 'rate_limit_exceeded'],
    [500, InternalServerError, 500, 'upstream_error'],
    [529, InternalServerError, 503, 'overloaded'],
  ] as const)('%i', async (upstream, Class, status, code) => {
    const error = await failureOf(APIError, say(`demo:error=${upstream}`));

    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ status, code });
    expect(error.requestID).toMatch(/^req_\w+$/);
    expect(error).toHaveProperty('error.message', expect.stringMatching(/\w/));
  });

  test('also when a stream was asked for', async () => {
    const error = await failureOf(APIError, stream('demo:error=429'));

    expect(error).toBeInstanceOf(RateLimitError);
  });

  test('and the one for a model that does not exist names it', async () => {
    const error = await failureOf(APIError, say('demo:error=404'));

    expect(error).toMatchObject({ param: 'model', type: 'invalid_request_error' });
    expect(error.message).toContain('The model `sonnet` does not exist');
  });
});

test('a failure in the middle of a stream is thrown behind the text so far', async () => {
  const chunks = await stream('demo:fail');
  let text = '';

  const error = await failureOf(
    APIError,
    (async () => {
      for await (const { choices } of chunks) text += choices[0]?.delta.content ?? '';
    })(),
  );

  expect(error).toBeInstanceOf(APIError);
  expect(error.type).toBe('server_error');
  expect(text.match(/You said/g)).toHaveLength(1);
});

describe('a wrong key', () => {
  test('is an AuthenticationError, and is sent once', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const error = await failureOf(APIError, say('Hello.', toClient({ apiKey: 'wrong', fetch })));

    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({
      status: 401,
      code: 'invalid_api_key',
      type: 'invalid_request_error',
    });
    expect(error.requestID).toBe(exchanges[0]?.response.headers.get('x-request-id'));
    expect(exchanges).toHaveLength(1);
  });
});

describe('a bad request', () => {
  test('is a BadRequestError that names the field, is sent once, and reaches no model', async () => {
    const { fetch, exchanges } = recordFetch(proxy.fetch);
    const before = proxy.model.requests.length;
    const openai = toClient({ fetch });
    const error = await failureOf(
      APIError,
      openai.chat.completions.create({ model: 'sonnet', messages: [] }),
    );

    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'messages' });
    expect(exchanges).toHaveLength(1);
    expect(proxy.model.requests).toHaveLength(before);
  });
});

test("the API's Retry-After reaches the client, which waits so long and tries again", async () => {
  proxy.model.answer = () => {
    proxy.model.answer = demoAnswer;
    return errorReply(429, 'rate_limit_error', 'Too many requests.', { retryAfter: 37 });
  };
  const { fetch, exchanges } = recordFetch(proxy.fetch);
  const waits = skipWaits({ fromMs: 30_000, toMs: 59_000 });
  const completion = await say('Hello.', toClient({ fetch }));
  waits.restore();

  expect(exchanges.map(({ response }) => response.status)).toEqual([429, 200]);
  const retryAfter = Number(exchanges[0]?.response.headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(37);
  expect(waits.waitsMs).toContain(retryAfter * 1000);
  expect(completion.choices[0]?.message.content).toContain('Hello.');
});

test('an unknown model is a NotFoundError of models.retrieve', async () => {
  const error = await failureOf(APIError, toClient().models.retrieve('nobody/nothing'));

  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  expect(error.message).toContain('`nobody/nothing`');
});

function say(content: string, openai = toClient()) {
  return openai.chat.completions.create({ model: 'sonnet', messages: [{ role: 'user', content }] });
}

function stream(content: string) {
  const messages = [{ role: 'user', content }] as const;
  return toClient().chat.completions.create({
    model: 'sonnet',
    messages: [...messages],
    stream: true,
  });
}

/** Tries again, as by default, only where the test watches what is sent. */
function toClient(options: { apiKey?: string; fetch?: typeof fetch } = {}): OpenAI {
  const maxRetries = options.fetch ? 2 : 0;
  return new OpenAI({
    baseURL: `${proxy.url}/v1`,
    apiKey: KEY,
    maxRetries,
    fetch: proxy.fetch,
    ...options,
  });
}

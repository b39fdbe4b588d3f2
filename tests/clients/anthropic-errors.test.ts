import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';
import { failureOf } from './failure-of.ts';
import { recordFetch } from './record-fetch.ts';

const proxy = createScriptedProxy();

describe('each failure of the API is the class that the SDK has for it', () => {
  test.each([
    [401, AuthenticationError, 401, 'authentication_error'],
    [404, NotFoundError, 404, 'not_found_error'],
    [413, APIError, 413, 'request_too_large'],
    [429, RateLimitError, 429, 'rate_limit_error'],
    [500, InternalServerError, 500, 'api_error'],
    [529, InternalServerError, 529, 'overloaded_error'],
  ] as const)('%i', async (upstream, Class, status, type) => {
    const error = await failureOf(APIError, say(`demo:error=${upstream}`));

    expect(error).toBeInstanceOf(Class);
    expect(error).toMatchObject({ status, type });
    expect(error.requestID).toMatch(/^req_\w+$/);
    expect(error.apiMessage).toMatch(/\w/);
  });

  test('also when a stream was asked for', async () => {
    const error = await failureOf(
      APIError,
      toClient().messages.stream(toParams('demo:error=429')).done(),
    );

    expect(error).toBeInstanceOf(RateLimitError);
  });
});

test('a failure in the middle of a stream is thrown behind the text so far', async () => {
  const helper = toClient().messages.stream(toParams('demo:fail'));
  let text = '';
  helper.on('text', (delta) => (text += delta));

  const error = await failureOf(APIError, helper.done());

  expect(error.type).toBe('overloaded_error');
  expect(text.match(/You said/g)).toHaveLength(1);
});

test('a wrong key is an AuthenticationError, and is sent once', async () => {
  const { fetch, exchanges } = recordFetch(proxy.fetch);
  const error = await failureOf(APIError, say('Hello.', toClient({ apiKey: 'wrong', fetch })));

  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, type: 'authentication_error' });
  expect(error.requestID).toBe(exchanges[0]?.response.headers.get('request-id'));
  expect(exchanges).toHaveLength(1);
});

test('a bad request is a BadRequestError, is sent once, and reaches no model', async () => {
  const { fetch, exchanges } = recordFetch(proxy.fetch);
  const before = proxy.model.requests.length;
  const call = toClient({ fetch }).messages.create({ ...toParams('Hello.'), messages: [] });
  const error = await failureOf(APIError, call);

  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ status: 400, type: 'invalid_request_error' });
  expect(error.apiMessage).toContain('messages');
  expect(exchanges).toHaveLength(1);
  expect(proxy.model.requests).toHaveLength(before);
});

test('an unknown model is a NotFoundError of models.retrieve that names it', async () => {
  const error = await failureOf(APIError, toClient().models.retrieve('nobody/nothing'));

  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404, type: 'not_found_error' });
  expect(error.apiMessage).toMatch(/^model: .*nobody\/nothing/);
});

function say(content: string, anthropic = toClient()) {
  return anthropic.messages.create(toParams(content));
}

function toParams(content: string) {
  return {
    model: 'sonnet',
    max_tokens: 1000,
    messages: [{ role: 'user', content }],
  } satisfies Anthropic.MessageCreateParams;
}

/** Tries again, as by default, only where the test watches what is sent. */
function toClient(options: { apiKey?: string; fetch?: typeof fetch } = {}): Anthropic {
  const maxRetries = options.fetch ? 2 : 0;
  return new Anthropic({
    baseURL: proxy.url,
    apiKey: KEY,
    maxRetries,
    fetch: proxy.fetch,
    ...options,
  });
}

import Anthropic, { NotFoundError as AnthropicNotFoundError } from '@anthropic-ai/sdk';
import OpenAI, { NotFoundError as OpenAINotFoundError } from 'openai';
import { describe, expect, test } from 'vitest';

import { APP_KEY, createTestApp, get } from '../support/create-test-app.ts';

const app = createTestApp();
const IDS = ['claude-opus-5-5', 'claude-sonnet-5-5', 'vendor/claude-haiku', 'gpt-4o'];

type List = { data: { id: string }[]; has_more: boolean; first_id: string; last_id: string };

async function list(query = '') {
  const response = await get(app, `/v1/models${query}`);
  const { data, ...rest } = (await response.json()) as List;
  return { ids: data.map(({ id }) => id), ...rest };
}

test('the list holds the full ids, then the operator’s own names', async () => {
  expect(await list()).toEqual({
    object: 'list',
    ids: IDS,
    has_more: false,
    first_id: 'claude-opus-5-5',
    last_id: 'gpt-4o',
  });
});

test('one model is what both vendors’ clients read', async () => {
  const response = await get(app, '/v1/models/claude-opus-5-5');
  expect(await response.json()).toMatchObject({
    id: 'claude-opus-5-5',
    object: 'model',
    created: expect.any(Number),
    owned_by: 'anthropic',
    type: 'model',
    display_name: 'Opus 5.5',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
});

test.each([
  ['claude-sonnet-5-5', 'Sonnet 5.5'],
  ['sonnet', 'Sonnet 5.5'],
  ['gpt-4o', 'Sonnet 5.5'],
  ['vendor%2Fclaude-haiku', 'Haiku'],
  ['vendor/claude-haiku', 'Haiku'],
])('%s is found', async (id, displayName) => {
  const response = await get(app, `/v1/models/${id}`);
  expect(await response.json()).toMatchObject({
    id: decodeURIComponent(id),
    display_name: displayName,
  });
});

describe('an unknown model', () => {
  test('is a 404 that names it, for OpenAI', async () => {
    const response = await get(app, '/v1/models/nope');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        message: 'The model `nope` does not exist.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    });
  });

  test('is a 404 that names it, for Anthropic', async () => {
    const response = await get(app, '/v1/models/nope', { 'anthropic-version': '2023-06-01' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: expect.stringContaining('nope') },
    });
  });
});

describe('paging', () => {
  test.each([
    ['?limit=2', IDS.slice(0, 2), true],
    ['?limit=2&after_id=claude-sonnet-5-5', IDS.slice(2), false],
    ['?after_id=gpt-4o', [], false],
    ['?before_id=vendor/claude-haiku', IDS.slice(0, 2), false],
    ['?before_id=gpt-4o&limit=1', IDS.slice(2, 3), true],
    ['?limit=1000', IDS, false],
  ])('%s', async (query, ids, hasMore) => {
    const page = await list(query);
    expect(page.ids).toEqual(ids);
    expect(page.has_more).toBe(hasMore);
  });
});

/** The vendors' clients, talking to the app without a network. */
const fetchApp = (input: string | URL | Request, init?: RequestInit) =>
  Promise.resolve(app.request(input instanceof Request ? input : String(input), init));

describe('the client of OpenAI', () => {
  const client = new OpenAI({ apiKey: APP_KEY, baseURL: 'http://app/v1', fetch: fetchApp });

  test('lists and retrieves models', async () => {
    const models = await Array.fromAsync(client.models.list());
    expect(models.map(({ id }) => id)).toEqual(IDS);
    expect(await client.models.retrieve('vendor/claude-haiku')).toMatchObject({
      id: 'vendor/claude-haiku',
      owned_by: 'anthropic',
    });
  });

  test('throws its own NotFoundError', async () => {
    await expect(client.models.retrieve('nope')).rejects.toThrow(OpenAINotFoundError);
  });
});

describe('the client of Anthropic', () => {
  const client = new Anthropic({ apiKey: APP_KEY, baseURL: 'http://app', fetch: fetchApp });

  test('lists models page by page, and retrieves one', async () => {
    const models = await Array.fromAsync(client.models.list({ limit: 2 }));
    expect(models.map(({ id }) => id)).toEqual(IDS);
    expect(await client.models.retrieve('vendor/claude-haiku')).toMatchObject({
      type: 'model',
      display_name: 'Haiku',
    });
  });

  test('throws its own NotFoundError', async () => {
    const failure = client.models.retrieve('nope');
    await expect(failure).rejects.toThrow(AnthropicNotFoundError);
    await expect(failure).rejects.toMatchObject({ requestID: expect.stringMatching(/^req_/) });
  });
});

test.each(['0', '-1', '1001', '1.5', 'x', ''])(
  'a limit of %j is a 400 that names it',
  async (limit) => {
    const response = await get(app, `/v1/models?limit=${limit}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { param: 'limit', message: 'limit has to be a whole number from 1 to 1000.' },
    });
  },
);

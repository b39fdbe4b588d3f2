import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';

import { createScriptedProxy } from '../support/create-scripted-proxy.ts';
import { KEY } from '../support/start-proxy.ts';

const proxy = createScriptedProxy({
  modelAliases: new Map([
    ['gpt-4o', 'sonnet'],
    ['acme/small', 'haiku'],
  ]),
});
const openai = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: KEY, fetch: proxy.fetch });
const anthropic = new Anthropic({ baseURL: proxy.url, apiKey: KEY, fetch: proxy.fetch });

describe('the list of models', () => {
  test('is the same for the OpenAI and the Anthropic client', async () => {
    const ofOpenai = (await Array.fromAsync(openai.models.list())).map(({ id }) => id);
    const ofAnthropic = (await Array.fromAsync(anthropic.models.list())).map(({ id }) => id);

    expect(ofOpenai).toEqual(ofAnthropic);
    expect(ofOpenai).toContain('claude-sonnet-5-5');
    expect(ofOpenai).toContain('acme/small');
    expect(new Set(ofOpenai).size).toBe(ofOpenai.length);
  });

  test.each(['', '/v1'])('is below the base URL http://host:port%s', async (base) => {
    const response = await proxy.send(`${base}/models`);
    const body = (await response.json()) as { data: { id: string }[] }; // checked below

    expect(response.headers.get('content-type')).toBe('application/json');
    expect(body).toEqual({
      object: 'list',
      data: expect.any(Array),
      has_more: false,
      first_id: body.data[0]?.id,
      last_id: 'acme/small',
    });
  });

  test('describes each model in the words of both APIs', async () => {
    const { data } = await openai.models.list();

    for (const model of data) {
      expect(model).toEqual({
        id: expect.stringMatching(/./),
        object: 'model',
        created: expect.any(Number),
        owned_by: 'anthropic',
        type: 'model',
        display_name: expect.stringMatching(/./),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        capabilities: null,
        deprecated_at: null,
        lifecycle: 'active',
        line: null,
        max_input_tokens: null,
        max_tokens: null,
        retires_at: null,
      });
    }
  });

  test('comes page by page when the client asks so', async () => {
    const all = (await anthropic.models.list()).data.map(({ id }) => id);
    const first = await anthropic.models.list({ limit: 2 });
    const paged = await Array.fromAsync(anthropic.models.list({ limit: 2 }));
    const [start = '', , , end = ''] = all;
    const middle = await anthropic.models.list({ after_id: start, before_id: end });

    expect(first.data.map(({ id }) => id)).toEqual(all.slice(0, 2));
    expect(first.has_more).toBe(true);
    expect(paged.map(({ id }) => id)).toEqual(all);
    expect(middle.data.map(({ id }) => id)).toEqual(all.slice(1, 3));
  });

  test('can be walked backwards', async () => {
    const all = (await anthropic.models.list()).data.map(({ id }) => id);
    const last = all.at(-1) ?? '';
    const paged = await Array.fromAsync(anthropic.models.list({ before_id: last, limit: 2 }));

    expect(paged.map(({ id }) => id).toSorted()).toEqual(all.slice(0, -1).toSorted());
  });
});

describe('one model', () => {
  test.each(['claude-sonnet-5-5', 'sonnet', 'gpt-4o', 'acme/small'])(
    'is found by the name %s, by both clients',
    async (id) => {
      expect(await openai.models.retrieve(id)).toMatchObject({ id, object: 'model' });
      expect(await anthropic.models.retrieve(id)).toMatchObject({ id, type: 'model' });
    },
  );

  test('is called by the name of the operator, and the answer names the full id', async () => {
    const completion = await openai.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hello.' }],
    });

    expect(completion.model).toBe('claude-sonnet-5-5');
    expect(proxy.model.requests.at(-1)?.body.model).toBe('claude-sonnet-5-5');
  });
});
